//! The shapes of pods and of the kinds that hold a pod template.

use super::shape::{Field, Shape, f};
use super::vocab::IMAGES;

const NAME: Shape = Shape::Text(&["main", "sidecar", "init", "web"]);
const PORTS: Shape = Shape::Int(&[80, 443, 8080, 22, 0]);
const PORT: Shape = Shape::Map(&[
    f("containerPort", 95, &PORTS),
    f("hostPort", 25, &PORTS),
    f("protocol", 50, &Shape::Text(&["TCP", "UDP"])),
    f("name", 40, &Shape::Text(&["http", "https", "metrics"])),
]);
const AMOUNTS: Shape = Shape::Map(&[f("cpu", 80, &Shape::Quantity), f("memory", 80, &Shape::Quantity)]);
const RESOURCES: Shape = Shape::Map(&[f("limits", 75, &AMOUNTS), f("requests", 70, &AMOUNTS)]);
const CAPABILITY: Shape = Shape::Text(&["ALL", "NET_ADMIN", "NET_BIND_SERVICE", "SYS_ADMIN"]);
const CAPABILITIES: Shape =
    Shape::Map(&[f("add", 50, &Shape::List(&CAPABILITY)), f("drop", 70, &Shape::List(&CAPABILITY))]);
const SECURITY: Shape = Shape::Map(&[
    f("privileged", 50, &Shape::Bool),
    f("runAsNonRoot", 55, &Shape::Bool),
    f("runAsUser", 45, &Shape::Int(&[0, 1, 1000, 65_534])),
    f("allowPrivilegeEscalation", 50, &Shape::Bool),
    f("capabilities", 45, &CAPABILITIES),
]);
const ENV: Shape = Shape::Map(&[
    f("name", 100, &Shape::Text(&["MODE", "LEVEL", "TOKEN"])),
    f("value", 75, &Shape::Text(&["prod", "dev", "1", "", "debug"])),
]);
const HTTP_GET: Shape = Shape::Map(&[
    f("path", 90, &Shape::Text(&["/", "/healthz", "/ready"])),
    f("port", 90, &Shape::IntOrText(&[80, 8080], &["http", "8080"])),
]);
const PROBE: Shape = Shape::Map(&[f("periodSeconds", 80, &Shape::Int(&[1, 5, 10, 30])), f("httpGet", 60, &HTTP_GET)]);
const ARG: Shape = Shape::Text(&["--v=2", "--debug", "serve", "-c", "sleep 10"]);
const CONTAINER: Shape = Shape::Map(&[
    f("name", 100, &NAME),
    f("image", 97, &Shape::Text(IMAGES)),
    f("imagePullPolicy", 45, &Shape::Text(&["Always", "IfNotPresent", "Never"])),
    f("resources", 55, &RESOURCES),
    f("securityContext", 55, &SECURITY),
    f("ports", 50, &Shape::List(&PORT)),
    f("env", 40, &Shape::List(&ENV)),
    f("args", 35, &Shape::List(&ARG)),
    f("livenessProbe", 35, &PROBE),
]);
const POD_SECURITY: Shape = Shape::Map(&[
    f("runAsNonRoot", 55, &Shape::Bool),
    f("fsGroup", 40, &Shape::Int(&[0, 2000])),
    f("supplementalGroups", 35, &Shape::List(&Shape::Int(&[0, 1000, 3000]))),
]);
const VOLUME: Shape = Shape::Map(&[
    f("name", 100, &Shape::Text(&["data", "cfg", "tmp"])),
    f("hostPath", 35, &Shape::Map(&[f("path", 95, &Shape::Text(&["/", "/var/run", "/etc"]))])),
    f(
        "emptyDir",
        40,
        &Shape::Map(&[f("sizeLimit", 60, &Shape::Quantity), f("medium", 40, &Shape::Text(&["", "Memory"]))]),
    ),
]);
const TOLERATION: Shape = Shape::Map(&[
    f("key", 70, &Shape::Text(&["gpu", "node.kubernetes.io/not-ready"])),
    f("operator", 70, &Shape::Text(&["Exists", "Equal"])),
    f("tolerationSeconds", 40, &Shape::Int(&[0, 300])),
]);
const HOST_ALIAS: Shape = Shape::Map(&[
    f("ip", 95, &Shape::Text(&["127.0.0.1", "10.0.0.1"])),
    f("hostnames", 85, &Shape::List(&Shape::Text(&["foo.local", "bar.local", "foo.example.com"]))),
]);
const POD_FIELDS: &[Field] = &[
    f("containers", 99, &Shape::List(&CONTAINER)),
    f("initContainers", 30, &Shape::List(&CONTAINER)),
    f("ephemeralContainers", 8, &Shape::List(&CONTAINER)),
    f("securityContext", 55, &POD_SECURITY),
    f("hostNetwork", 40, &Shape::Bool),
    f("hostPID", 30, &Shape::Bool),
    f("restartPolicy", 40, &Shape::Text(&["Always", "Never", "OnFailure"])),
    f("serviceAccountName", 40, &Shape::Text(&["default", "builder", "system:x"])),
    f("automountServiceAccountToken", 35, &Shape::Bool),
    f("nodeSelector", 30, &Shape::Labels),
    f("volumes", 40, &Shape::List(&VOLUME)),
    f("tolerations", 30, &Shape::List(&TOLERATION)),
    f("hostAliases", 25, &Shape::List(&HOST_ALIAS)),
    f("terminationGracePeriodSeconds", 35, &Shape::Int(&[0, 30, 60, 3600])),
    f("priority", 20, &Shape::Int(&[-1, 0, 1000])),
];
/// The spec of a pod.
pub(crate) const POD: Shape = Shape::Map(POD_FIELDS);
/// Metadata inside a template.
const TEMPLATE_METADATA: Shape = Shape::Map(&[f("labels", 80, &Shape::Labels), f("annotations", 40, &Shape::Labels)]);
const TEMPLATE: Shape = Shape::Map(&[f("metadata", 75, &TEMPLATE_METADATA), f("spec", 98, &POD)]);
const REPLICAS: Shape = Shape::Int(&[0, 1, 2, 3, 10]);
const STRATEGY: Shape = Shape::Map(&[
    f("type", 95, &Shape::Text(&["RollingUpdate", "Recreate"])),
    f("maxSurge", 40, &Shape::IntOrText(&[1, 2], &["25%", "1"])),
]);
/// The spec of a Deployment or a ReplicaSet.
pub(crate) const DEPLOYMENT: Shape = Shape::Map(&[
    f("replicas", 75, &REPLICAS),
    f("template", 98, &TEMPLATE),
    f("strategy", 40, &STRATEGY),
    f("paused", 25, &Shape::Bool),
    f("revisionHistoryLimit", 35, &Shape::Int(&[0, 5, 10])),
]);
/// The spec of a StatefulSet or a DaemonSet.
pub(crate) const STATEFUL_SET: Shape = Shape::Map(&[
    f("replicas", 60, &REPLICAS),
    f("template", 98, &TEMPLATE),
    f("serviceName", 60, &Shape::Text(&["web", "db", ""])),
    f("podManagementPolicy", 40, &Shape::Text(&["OrderedReady", "Parallel"])),
]);
/// The spec of a Job.
pub(crate) const JOB: Shape = Shape::Map(&[
    f("backoffLimit", 60, &Shape::Int(&[0, 1, 6])),
    f("template", 98, &TEMPLATE),
    f("ttlSecondsAfterFinished", 50, &Shape::Int(&[0, 60, 86_400])),
]);
const JOB_TEMPLATE: Shape = Shape::Map(&[f("spec", 98, &JOB)]);
/// The spec of a CronJob.
pub(crate) const CRON_JOB: Shape = Shape::Map(&[
    f("schedule", 95, &Shape::Text(&["*/5 * * * *", "0 0 * * *", "@daily"])),
    f("jobTemplate", 98, &JOB_TEMPLATE),
    f("suspend", 45, &Shape::Bool),
    f("concurrencyPolicy", 45, &Shape::Text(&["Allow", "Forbid", "Replace"])),
    f("successfulJobsHistoryLimit", 45, &Shape::Int(&[0, 3])),
]);
