import pytest

from pipelines.jobs.beam_options import check_options
from schemas.errors import CodemillError


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--direct_num_workers=2"],
        ["--runner=DataflowRunner", "--project=p", "--num_workers=5", "--experiments=use_runner_v2", "--labels=a=b"],
        ["--runner=FlinkRunner", "--checkpointing_interval=1000"],  # an option of the job server
    ],
)
def test_options_that_somebody_knows(arguments: list[str]) -> None:
    check_options(arguments)


@pytest.mark.parametrize("runner", [[], ["--runner=DataflowRunner"]])
def test_a_misspelt_option_is_named_with_what_was_meant(runner: list[str]) -> None:
    with pytest.raises(CodemillError, match=r"Beam has no option --num_worker; did you mean 'num_workers'\?"):
        check_options([*runner, "--num_worker=5", "--zzz"])
