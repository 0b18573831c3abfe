"""A program small enough to count by hand, written as XLA writes them."""

from trainer.preflight.hlo import array_bytes, parse_program

LOOP = """HloModule jit_f, is_scheduled=true

%add.1 (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %sum = f32[] add(%a, %b)
}

%sliced (stack: f32[10,256], at: s32[]) -> f32[256] {
  %stack = f32[10,256]{1,0} parameter(0)
  %at = s32[] parameter(1)
  %zero = s32[] constant(0)
  %one = f32[1,256]{1,0:T(8,128)} dynamic-slice(%stack, %at, %zero), dynamic_slice_sizes={1,256}
  ROOT %flat = f32[256]{0} bitcast(%one)
}

%body (state: (u32[], f32[10,256], f32[256])) -> (u32[], f32[10,256], f32[256]) {
  %state = (u32[], f32[10,256]{1,0}, /*index=2*/f32[256]{0:T(256)(2,1)}) parameter(0)
  %i = u32[] get-tuple-element(%state), index=0
  %stack = f32[10,256]{1,0} get-tuple-element(%state), index=1
  %two = u32[] constant(2)
  %next = u32[] add(%i, %two)
  %again = u32[] copy(%next)
  %row = f32[256]{0} fusion(%stack, %i), kind=kLoop, calls=%sliced
  %start = (f32[256]{0}, f32[256]{0}, u32[], u32[]) collective-permute-start(%row), channel_id=3
  %done = f32[256]{0} collective-permute-done(%start)
  ROOT %out = (u32[], f32[10,256]{1,0}, f32[256]{0}) tuple(%again, %stack, %done)
}

%condition (state: (u32[], f32[10,256], f32[256])) -> pred[] {
  %state = (u32[], f32[10,256]{1,0}, f32[256]{0}) parameter(0)
  %i = u32[] get-tuple-element(%state), index=0
  %end = u32[] constant(9)
  ROOT %less = pred[] compare(%i, %end), direction=LT
}

ENTRY %main (x: f32[10,256]) -> f32[256] {
  %x = f32[10,256]{1,0} parameter(0)
  %first = u32[] constant(0)
  %empty = f32[256]{0} constant({...})
  %before = (u32[], f32[10,256]{1,0}, f32[256]{0}) tuple(%first, %x, %empty)
  %loop = (u32[], f32[10,256]{1,0}, f32[256]{0}) while(%before), condition=%condition, body=%body
  %last = f32[256]{0} get-tuple-element(%loop), index=2
  %near = f32[256]{0:T(256)S(1)} copy(%last)
  ROOT %total = f32[256]{0} all-reduce(%near), channel_id=4, replica_groups={{0,1,2,3},{4,5,6,7}}, to_apply=%add.1
}
"""


def test_loops_count_their_rounds() -> None:
    program = parse_program(LOOP)
    assert {name: block.runs for name, block in program.items()} == {
        "add.1": 1,
        "sliced": 5,
        "body": 5,
        "condition": 5,
        "main": 1,
    }
    assert [name for name, block in program.items() if block.fused] == ["add.1", "sliced"]


def test_a_noted_number_of_rounds_goes_first() -> None:
    noted = LOOP.replace("body=%body", 'body=%body, backend_config={"known_trip_count":{"n":"7"}}')
    assert parse_program(noted)["body"].runs == 7


def test_arrays_are_sized_by_their_type() -> None:
    assert array_bytes("(bf16[4,2]{1,0:T(8,128)(2,1)}, pred[3], u32[], f8e4m3fn[5], token[])") == 16 + 3 + 4 + 5
    assert array_bytes("(f32[4]{0:T(128)S(1)}, f32[2]{0:S(0)})", in_hbm=True) == 8
