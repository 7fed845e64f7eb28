//! The kinds of the group `kyverno.io`.

use super::cleanup::{CleanupSpec, CleanupStatus};
use super::definition::{Column, Kind, Schema, Version};
use super::exception::ExceptionSpec;
use super::global_context_entry::{GlobalContextEntrySpec, GlobalContextEntryStatus, OlderStatus};
use super::policy_spec::PolicySpec;
use super::policy_status::PolicyStatus;
use super::rule::{NewerRule, Rule};
use super::update_request::{OlderUpdateRequestSpec, OlderUpdateRequestStatus, UpdateRequestSpec, UpdateRequestStatus};

/// Rules for all of a cluster.
pub const CLUSTER_POLICY: Kind = Kind {
    name: "ClusterPolicy",
    plural: "clusterpolicies",
    short: "cpol",
    namespaced: false,
    versions: &POLICY_VERSIONS,
};

/// Rules for one namespace.
pub const POLICY: Kind =
    Kind { name: "Policy", plural: "policies", short: "pol", namespaced: true, versions: &POLICY_VERSIONS };

/// Objects that rules leave alone.
pub const POLICY_EXCEPTION: Kind = Kind {
    name: "PolicyException",
    plural: "policyexceptions",
    short: "polex",
    namespaced: true,
    versions: &[
        Version { columns: &[], ..newest("v2", EXCEPTION) },
        Version { columns: &[], ..older("v2beta1", EXCEPTION) },
    ],
};

/// What is deleted in one namespace, and when.
pub const CLEANUP_POLICY: Kind = Kind {
    name: "CleanupPolicy",
    plural: "cleanuppolicies",
    short: "cleanpol",
    namespaced: true,
    versions: &CLEANUP_VERSIONS,
};

/// What is deleted in all of a cluster, and when.
pub const CLUSTER_CLEANUP_POLICY: Kind = Kind {
    name: "ClusterCleanupPolicy",
    plural: "clustercleanuppolicies",
    short: "ccleanpol",
    namespaced: false,
    versions: &CLEANUP_VERSIONS,
};

/// Values that are kept for all policies.
pub const GLOBAL_CONTEXT_ENTRY: Kind = Kind {
    name: "GlobalContextEntry",
    plural: "globalcontextentries",
    short: "gctxentry",
    namespaced: false,
    versions: &[
        Version {
            storage: false,
            columns: &ENTRY_COLUMNS,
            ..newest("v2", Schema::spec::<GlobalContextEntrySpec>().status::<GlobalContextEntryStatus>())
        },
        Version { columns: &ENTRY_COLUMNS, ..older("v2alpha1", OLDER_ENTRY) },
        Version { columns: &ENTRY_COLUMNS, ..newest("v2beta1", OLDER_ENTRY) },
    ],
};

/// Work that admission leaves to another process.
pub const UPDATE_REQUEST: Kind = Kind {
    name: "UpdateRequest",
    plural: "updaterequests",
    short: "ur",
    namespaced: true,
    versions: &[
        Version {
            served: false,
            columns: &[
                Column::new("Policy", "string", ".spec.policy"),
                Column::new("Rule", "string", ".spec.rule"),
                Column::new("RuleType", "string", ".spec.requestType"),
                Column::new("ResourceKind", "string", ".spec.resource.kind"),
                Column::new("ResourceName", "string", ".spec.resource.name"),
                Column::new("ResourceNamespace", "string", ".spec.resource.namespace"),
                Column::new("status", "string", ".status.state"),
                Column::age("Age"),
            ],
            ..older("v1beta1", Schema::spec::<OlderUpdateRequestSpec>().optional().status::<OlderUpdateRequestStatus>())
        },
        Version {
            columns: &[
                Column::new("Policy", "string", ".spec.policy"),
                Column::new("RuleType", "string", ".spec.requestType"),
                Column::new("ResourceKind", "string", ".spec.resource.kind"),
                Column::new("ResourceName", "string", ".spec.resource.name"),
                Column::new("ResourceNamespace", "string", ".spec.resource.namespace"),
                Column::new("status", "string", ".status.state"),
                Column::age("Age"),
            ],
            ..newest("v2", Schema::spec::<UpdateRequestSpec>().optional().status::<UpdateRequestStatus>())
        },
    ],
};

/// All of them.
pub static KINDS: [Kind; 7] = [
    CLUSTER_POLICY,
    POLICY,
    POLICY_EXCEPTION,
    CLEANUP_POLICY,
    CLUSTER_CLEANUP_POLICY,
    GLOBAL_CONTEXT_ENTRY,
    UPDATE_REQUEST,
];

const EXCEPTION: Schema = Schema::spec::<ExceptionSpec>();
const OLDER_ENTRY: Schema = Schema::spec::<GlobalContextEntrySpec>().status::<OlderStatus>();

const POLICY_VERSIONS: [Version; 2] = [
    Version { columns: &POLICY_COLUMNS, ..newest("v1", Schema::spec::<PolicySpec<Rule>>().status::<PolicyStatus>()) },
    Version {
        storage: false,
        columns: &POLICY_COLUMNS,
        ..newest("v2beta1", Schema::spec::<PolicySpec<NewerRule>>().status::<PolicyStatus>())
    },
];

const CLEANUP_VERSIONS: [Version; 2] = [
    Version { columns: &CLEANUP_COLUMNS, ..newest("v2", CLEANUP) },
    Version { columns: &CLEANUP_COLUMNS, ..older("v2beta1", CLEANUP) },
];
const CLEANUP: Schema = Schema::spec::<CleanupSpec>().status::<CleanupStatus>();

const POLICY_COLUMNS: [Column; 10] = [
    Column::new("ADMISSION", "boolean", ".spec.admission"),
    Column::new("BACKGROUND", "boolean", ".spec.background"),
    Column::new("READY", "string", r#".status.conditions[?(@.type == "Ready")].status"#),
    Column::age("AGE"),
    Column::wide("FAILURE POLICY", "string", ".spec.failurePolicy"),
    Column::wide("VALIDATE", "integer", ".status.rulecount.validate"),
    Column::wide("MUTATE", "integer", ".status.rulecount.mutate"),
    Column::wide("GENERATE", "integer", ".status.rulecount.generate"),
    Column::wide("VERIFY IMAGES", "integer", ".status.rulecount.verifyimages"),
    Column::new("MESSAGE", "string", r#".status.conditions[?(@.type == "Ready")].message"#),
];

const CLEANUP_COLUMNS: [Column; 2] = [Column::new("Schedule", "string", ".spec.schedule"), Column::age("Age")];

const ENTRY_COLUMNS: [Column; 3] = [
    Column::age("AGE"),
    Column::new("REFRESH INTERVAL", "string", ".spec.apiCall.refreshInterval"),
    Column::new("LAST REFRESH", "date", ".status.lastRefreshTime"),
];

/// A version that objects are stored as.
const fn newest(name: &'static str, schema: Schema) -> Version {
    Version { name, served: true, storage: true, deprecated: false, columns: &[], schema }
}

/// A version that the API server warns of.
const fn older(name: &'static str, schema: Schema) -> Version {
    Version { name, served: true, storage: false, deprecated: true, columns: &[], schema }
}
