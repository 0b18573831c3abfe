"""Cloud TPU slices through queued resources: asks for one whose hosts train, says how it stands, gives it back."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from codemill.launch.slice import TpuSlice, startup_script
from schemas.errors import CodemillError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class TpuVmLauncher:
    """Starts runs on a slice.

    Args:
        wanted: the slice.
        report: takes lines for people.
        client: of Cloud TPU; made when first needed if None, with the application's default credentials.
        dry_run: only report the request, as JSON.
    """

    def __init__(
        self,
        wanted: TpuSlice,
        report: Callable[[str], None] = print,
        client: Any = None,
        dry_run: bool = False,
    ) -> None:
        self._wanted = wanted
        self._report = report
        self._client_given = client
        self._dry_run = dry_run

    def launch(self, plan: str, run: str, *, wait: bool = False) -> int:
        """Ask for the slice; its hosts begin, or go on with, the run when it is there, which may take days.

        Arguments and result as in `Launcher.launch`.

        Raises:
            CodemillError: the plan does not suit a slice, or Cloud TPU refuses; one line and what to do.
        """
        request = create_request(self._wanted, plan, run, wait)
        if self._dry_run:
            text = type(request).to_json(
                request, use_integers_for_enums=False, always_print_fields_with_no_presence=False, sort_keys=True
            )
            self._report(json.dumps(json.loads(text), indent=2))
            return 0
        with self._explained():
            self._client().create_queued_resource(request=request)
        self._report(f"asked for {self._wanted.name} in {self._wanted.zone}; --status says how it stands")
        return 0

    def status(self) -> None:
        """Report the state of the queued resource, and what went wrong if it failed."""
        with self._explained():
            found = self._client().get_queued_resource(name=self._path())
        failure = found.state.failed_data.error.message
        self._report(f"{self._wanted.name}: {found.state.state.name}{': ' + failure if failure else ''}")

    def delete(self) -> None:
        """Give the slice back, whatever it is doing; the run's directory stays."""
        from google.cloud import tpu_v2

        with self._explained():
            request = tpu_v2.DeleteQueuedResourceRequest(name=self._path(), force=True)
            self._client().delete_queued_resource(request=request)
        self._report(f"{self._wanted.name}: is being deleted")

    def _path(self) -> str:
        return f"{_parent(self._wanted)}/queuedResources/{self._wanted.name}"

    def _client(self) -> Any:
        if self._client_given is None:
            self._client_given = tpu_client()
        return self._client_given

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        remedies = {
            exceptions.AlreadyExists: "look at it with --status, give it back with --delete, or choose another `name`",
            exceptions.Conflict: "look at it with --status, give it back with --delete, or choose another `name`",
            exceptions.Forbidden: "the account needs the role roles/tpu.admin, and roles/iam.serviceAccountUser",
            exceptions.NotFound: "check `name`, `project` and `zone`, and that the Cloud TPU API is enabled there",
            exceptions.TooManyRequests: "ask for quota, or for a smaller slice",
        }
        try:
            yield
        except exceptions.GoogleAPICallError as error:
            remedy = next((text for kind, text in remedies.items() if isinstance(error, kind)), "see the message")
            raise CodemillError(f"Cloud TPU, {self._path()}: {error.message}", remedy) from error
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise CodemillError(
                f"Cloud TPU, {self._path()}: {str(error).splitlines()[0]}",
                "check the connection, and log in with `gcloud auth application-default login`",
            ) from error


def tpu_client(endpoint: str | None = None) -> Any:
    """A client of Cloud TPU.

    Args:
        endpoint: http://HOST:PORT of a server that stands in for Cloud TPU and asks for no credentials.
    """
    tpu_v2 = _library()
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.tpu_v2.services.tpu.transports import TpuRestTransport

    if endpoint is None:
        return tpu_v2.TpuClient(transport="rest")
    scheme, _, host = endpoint.partition("://")
    return tpu_v2.TpuClient(
        transport=TpuRestTransport(host=host, url_scheme=scheme, credentials=AnonymousCredentials())
    )


def create_request(wanted: TpuSlice, plan: str, run: str, wait: bool) -> Any:
    """The whole request: a CreateQueuedResourceRequest with one node."""
    tpu_v2 = _library()
    network: dict[str, Any] = {"enable_external_ips": wanted.external_ips}
    network |= {"network": wanted.network} if wanted.network else {}
    network |= {"subnetwork": wanted.subnetwork} if wanted.subnetwork else {}
    node = tpu_v2.Node(
        runtime_version=wanted.runtime_version,
        network_config=tpu_v2.NetworkConfig(**network),
        labels=wanted.labels,
        metadata={"startup-script": startup_script(wanted, plan, run, wait)},
    )
    if wanted.accelerator is None:
        node.accelerator_type = wanted.accelerator_type
    else:
        kinds = tpu_v2.AcceleratorConfig.Type.__members__
        if wanted.accelerator.type not in kinds:
            known = ", ".join(name for name in kinds if name != "TYPE_UNSPECIFIED")
            raise CodemillError(f"accelerator type {wanted.accelerator.type} is not known", f"one of {known}")
        node.accelerator_config = tpu_v2.AcceleratorConfig(
            type_=kinds[wanted.accelerator.type], topology=wanted.accelerator.topology
        )
    if wanted.service_account:
        node.service_account = tpu_v2.ServiceAccount(email=wanted.service_account, scope=[SCOPE])
    spec = tpu_v2.QueuedResource.Tpu.NodeSpec(parent=_parent(wanted), node_id=wanted.name, node=node)
    resource = tpu_v2.QueuedResource(tpu=tpu_v2.QueuedResource.Tpu(node_spec=[spec]))
    if wanted.spot:
        resource.spot = tpu_v2.QueuedResource.Spot()
    if wanted.reservation:
        resource.reservation_name = wanted.reservation
        resource.guaranteed = tpu_v2.QueuedResource.Guaranteed()
    if wanted.wait_hours:
        resource.queueing_policy = tpu_v2.QueuedResource.QueueingPolicy(
            valid_until_duration=datetime.timedelta(hours=wanted.wait_hours)
        )
    return tpu_v2.CreateQueuedResourceRequest(
        parent=_parent(wanted), queued_resource_id=wanted.name, queued_resource=resource
    )


def _parent(wanted: TpuSlice) -> str:
    return f"projects/{wanted.project}/locations/{wanted.zone}"


def _library() -> Any:
    try:
        from google.cloud import tpu_v2
    except ImportError:
        raise CodemillError(
            "launching on Cloud TPU needs Google's client library", "pip install 'codemill[tpu-vm]'"
        ) from None
    return tpu_v2
