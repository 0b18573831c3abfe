import pytest

from filtering.paths import is_generated_path, is_vendored


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/a/b.js",
        "x/vendor/github.com/y/z.go",
        "src/third_party/q.c",
        "3rdparty/x.h",
        "pip/_vendor/six.py",
        "static/jquery.min.js",
        "js/jquery-1.8.3.js",
        "configure",
        "a/config.guess",
        "css/bootstrap.min.css",
    ],
)
def test_vendored(path: str) -> None:
    assert is_vendored(path)


@pytest.mark.parametrize(
    "path",
    [
        "a/b.min.js",
        "x_pb2.py",
        "x_pb2_grpc.py",
        "a.pb.go",
        "api/zz_generated.deepcopy.go",
        "Package-Lock.json",
        "parser.tab.c",
        "generated/x.py",
        "Form1.Designer.cs",
        "ui_main.py",
        "model.g.dart",
    ],
)
def test_generated(path: str) -> None:
    assert is_generated_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "a/b.js",
        "vendor.py",
        "src/vendoring/x.go",
        "configure.py",
        "mini.js",
        "admin.js",
        "jquery_plugin.py",
        "general.py",
        "minimal/x.py",
        "genes.go",
        "",
        "README",
        "regenerated/x.py",
        "my_configure",
    ],
)
def test_neither(path: str) -> None:
    assert not is_vendored(path) and not is_generated_path(path)
