"""A worker of the Dataflow server on loopback: runs one job's graph with what was installed for it, and nothing else.

    python -I -S dataflow_worker.py PACKAGES SITE_PACKAGES GRAPH

Without `site`, so that no .pth file there brings the checkout back that the tests themselves run from.
"""

import sys

sys.path += sys.argv[1:3]

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner


def main() -> None:
    with open(sys.argv[3], "rb") as file:
        graph = beam_runner_api_pb2.Pipeline.FromString(file.read())
    for environment in graph.components.environments.values():
        environment.urn = python_urns.EMBEDDED_PYTHON
        environment.payload = b""
        del environment.dependencies[:]
    FnApiRunner().run_via_runner_api(graph, PipelineOptions(["--runner=FnApiRunner"])).wait_until_finish()
    import pipelines

    assert str(pipelines.__file__).startswith(sys.argv[1]), pipelines.__file__


if __name__ == "__main__":
    main()
