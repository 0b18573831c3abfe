import random
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.redaction import REPLACEMENTS, Redaction, find_personal_data, redact
from filtering.secret_forms import KEY_FORMS

WORD = string.ascii_letters + string.digits


def found(text: str, *kinds: str) -> list[tuple[str, str]]:
    document = text.encode()
    redactions = find_personal_data(Texts.from_list([b"before", document]), kinds or REPLACEMENTS)
    assert all(redaction.row == 1 for redaction in redactions)
    return [(r.kind, document[r.start : r.end].decode()) for r in redactions]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("# by Ada <ada.l@analytical.org>\n", "email", "ada.l@analytical.org"),
        ("mailto:first.last+tag@sub.uni-x.ac.uk?subject", "email", "first.last+tag@sub.uni-x.ac.uk"),
        ("write to a@b.de.", "email", "a@b.de"),
        ("host = '93.184.216.34'", "ip_address", "93.184.216.34"),
        ("connect(52.12.4.8:443)", "ip_address", "52.12.4.8"),
        ("AAAA 2606:4700:4700::1111 60", "ip_address", "2606:4700:4700::1111"),
        ("key = AKIAIOSFODNN7QRSTUVW\n", "secret", "AKIAIOSFODNN7QRSTUVW"),
        ("ghp_" + "a1B2" * 9, "secret", "ghp_" + "a1B2" * 9),
        ("password = 'tr0ub4dor&3x!'", "secret", "tr0ub4dor&3x!"),
        ('{"client_secret": "Zk39fLq02mXv81Tn"}', "secret", "Zk39fLq02mXv81Tn"),
        ("API_KEY=>'9f8a7b6c5d4e3f2a1b0c'", "secret", "9f8a7b6c5d4e3f2a1b0c"),
        ("config['auth_token'] = \"q8W2e7R4t9Y1u6I3\"", "secret", "q8W2e7R4t9Y1u6I3"),
    ],
)
def test_what_is_found(text: str, kind: str, value: str) -> None:
    assert found(text) == [(kind, value)]
    others = [other for other in REPLACEMENTS if other != kind]
    assert found(text, *others) == []


def test_private_keys_go_with_their_armour() -> None:
    body = "\n".join("MIIEpAIBAAKCAQEA" * 4 for _ in range(5))
    armoured = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    assert found(f"x = '''{armoured}'''\n") == [("secret", armoured)]
    escaped = armoured.replace("\n", "\\n")
    assert found(f'x = "{escaped}"') == [("secret", escaped)]


@pytest.mark.parametrize(
    "text",
    [
        "@decorator\ndef f(): pass\n",
        "a @ b.T @ c.dot(x)",
        "git@github.com:owner/name.git",
        "user@example.com, x@sub.example.org, root@localhost",
        "icon@2x.png and unit@.service",
        "import 'pkg@1.2.3'",
        "version 1.2.3.4 and v10.200.3.4",
        "see section 7.9.2.2",
        "127.0.0.1 10.0.0.8 192.168.1.1 255.255.255.0 224.0.0.1 203.0.113.9 0.0.0.0",
        "2.5.29.15 and 1.3.6.1.4.1.311",
        "300.200.100.1 1.2.3.400",
        "std::vector<int>::iterator 12:30:45",
        "2001:db8::1",
        "password = 'changeme123'",
        "password = os.environ['DB_PASSWORD_2024_X']",
        "token = 'https://host.net/oauth2/v4/token'",
        "secret_name = 'my_secret_name_number_12'",
        "api_key = 'YOUR_API_KEY_HERE_123'",
        "-----BEGIN PRIVATE KEY----- and -----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + "MIIEpAIBAAKCAQEA" * 4,
        "colour = 'Zk39fLq02mXv81Tn'",
        "AKIA123",
        "",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_overlaps_are_replaced_once() -> None:
    text = "password = 'AKIAIOSFODNN7QRSTUVW'\n"
    assert found(text) == [("secret", "AKIAIOSFODNN7QRSTUVW")]
    assert found("token = 'ghp_" + "a1B2" * 9 + "'") == [("secret", "ghp_" + "a1B2" * 9)]


def test_redacted_texts_hold_the_kind_in_place_of_the_value() -> None:
    texts = Texts.from_list([b"a <x.y@z.org> b", b"untouched", b"", b"93.184.216.34 and x.y@z.org"])
    redactions = find_personal_data(texts, REPLACEMENTS)
    assert redactions == [
        Redaction(0, "email", 3, 12),
        Redaction(3, "ip_address", 0, 13),
        Redaction(3, "email", 18, 27),
    ]
    replaced = redact(texts, redactions)
    assert [replaced.document(row) for row in range(4)] == [
        b"a <<EMAIL>> b",
        b"untouched",
        b"",
        b"<IP_ADDRESS> and <EMAIL>",
    ]
    assert find_personal_data(replaced, REPLACEMENTS) == []


@given(st.text(st.sampled_from("a@.:1 2'=\nAKIpwd_"), max_size=80))
def test_spans_are_in_order_apart_and_gone_after_replacing(text: str) -> None:
    texts = Texts.from_list([text.encode()])
    redactions = find_personal_data(texts, REPLACEMENTS)
    ends = [0, *(redaction.end for redaction in redactions)]
    assert all(end <= redaction.start < redaction.end for end, redaction in zip(ends, redactions, strict=False))
    plain = text.encode()
    for redaction in reversed(redactions):
        plain = plain[: redaction.start] + REPLACEMENTS[redaction.kind] + plain[redaction.end :]
    assert redact(texts, redactions).document(0) == plain


def sample_of(form: str, generator: random.Random) -> str:
    """A string that a form of `KEY_FORMS` matches: classes filled at random, at the least length."""
    parts = re.findall(r"\[([^\]]+)\]\{(\d+)(?:,\d*)?\}|\\(.)|([^\[\\])", form)
    text = ""
    for characters, count, escaped, plain in parts:
        if characters:
            ranges = characters.replace("0-9", string.digits).replace("A-Z", string.ascii_uppercase)
            ranges = ranges.replace("a-z", string.ascii_lowercase).replace("a-f", "abcdef").replace("A-F", "ABCDEF")
            # "-" is legal in some of these, but a key that ends in one could be followed by anything.
            text += "".join(generator.choice(ranges.replace("-", "")) for _ in range(int(count)))
        else:
            text += escaped or plain
    return text


FORMS = [form for prefix, form in KEY_FORMS.items() if prefix != "BEGI"]
DECOYS = (
    "result = compute(alpha, beta)  # see section 4.2.1.3\n",
    "@property\ndef name(self): return self._name\n",
    "version = '10.2.33.4'\n",
    "digest = 'd41d8cd98f00b204e9800998ecf8427e'\n",
    "url = 'https://example.com/a?token=abc'\n",
    "x = a @ b\n",
    "password = getpass.getpass('Password: ')\n",
    "token = 'continuation_token_number_17'\n",
    "host = '192.168.10.20'\n",
    "secret_key = 'replace-your-secret-here-123'\n",
)


def planted(generator: random.Random) -> tuple[str, str]:
    """(line, value) of something that has to be found."""
    value = "".join(generator.choice(WORD) for _ in range(generator.randint(20, 40)))
    name = generator.choice(["password", "api_key", "SECRET_KEY", "auth_token", "dbPassword", "clientSecret"])
    user = "".join(generator.choice(string.ascii_lowercase) for _ in range(8))
    address = f"{generator.randint(20, 99)}.{generator.randint(100, 255)}.{generator.randint(0, 255)}.7"
    return generator.choice(
        [
            (f"# {user}@mail{generator.randint(1, 99)}.net wrote this\n", "email"),
            (f"HOST = '{address}'\n", "ip_address"),
            (f"{name} = '{value}9a8B'\n", "secret"),
            (f'"{name}": "{value}9a8B",\n', "secret"),
            (f"run({sample_of(generator.choice(FORMS), generator)})\n", "secret"),
        ]
    )


def test_precision_and_recall_on_a_planted_set() -> None:
    generator = random.Random(5)
    right = missed = wrong = 0
    for _ in range(300):
        lines: list[str] = []
        expected = []
        for _ in range(10):
            if generator.random() < 0.4:
                line, kind = planted(generator)
                expected.append((len("".join(lines)), len("".join(lines)) + len(line), kind))
                lines.append(line)
            else:
                lines.append(generator.choice(DECOYS))
        redactions = find_personal_data(Texts.from_list(["".join(lines).encode()]), REPLACEMENTS)
        hits = {(s, e, k) for s, e, k in expected for r in redactions if s <= r.start and r.end <= e and r.kind == k}
        right += len(hits)
        missed += len(expected) - len(hits)
        wrong += len(redactions) - len(hits)
    assert right > 1000
    assert right / (right + missed) >= 0.98, (right, missed)
    assert right / (right + wrong) >= 0.98, (right, wrong)
