//! What a check found: rows, and the resources they are about.

use crate::diag::Source;
use crate::engine::{CheckKind, PolicyInfo, PolicySet, RuleInfo, Status, Verdict};
use crate::policy::classic::Action;
use kyvc_vm::document::{Document, Place};
use std::sync::Arc;

/// What identifies a resource in a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `metadata.namespace`
    pub namespace: String,
    /// `metadata.name`
    pub name: String,
}

impl Resource {
    /// Reads it from an object.
    pub fn of(doc: &Document<'_>) -> Self {
        let root = doc.root();
        let text = |map: &str, key| -> String {
            let node = root.and_then(|r| if map.is_empty() { Some(r) } else { doc.get_str(r, map) });
            node.and_then(|n| doc.get_str(n, key)).and_then(|n| doc.as_str(n)).unwrap_or_default().to_owned()
        };
        Self {
            api_version: text("", "apiVersion"),
            kind: text("", "kind"),
            namespace: text("metadata", "namespace"),
            name: text("metadata", "name"),
        }
    }

    /// `namespace/Kind/name`, as Kyverno's CLI names a resource.
    pub fn path(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.kind, self.name)
    }
}

/// One rule's result for one resource.
#[derive(Clone, Debug)]
pub struct Row {
    /// Number of the rule in its set
    pub rule: u32,
    /// Number of the resource
    pub resource: u32,
    /// What became of it; violations of policies that are not scored are warnings
    pub status: Status,
    /// Whether the violation is enforced, not only audited
    pub enforced: bool,
    /// The message; `None` for one that can be made again
    message: Option<Box<str>>,
    /// Where the value is that a failure is about
    pub place: Place,
}

/// Everything a check found.
#[derive(Debug)]
pub struct Results<'s> {
    /// The set that was asked
    pub set: &'s PolicySet,
    /// The resources, in the order of the input, each with the source it came from
    pub resources: Vec<(Resource, Arc<Source>)>,
    /// The rows, resource by resource
    pub rows: Vec<Row>,
}

/// How many rows there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Rules that hold
    pub pass: usize,
    /// Violations
    pub fail: usize,
    /// Violations that only warn
    pub warn: usize,
    /// Rules that could not be decided
    pub error: usize,
    /// Rules that do not apply
    pub skip: usize,
}

impl Row {
    /// The row of a verdict.
    pub fn of(set: &PolicySet, verdict: &Verdict<'_>, resource: u32, namespace: &str) -> Self {
        let scored = set.policy_of(verdict.rule).is_none_or(|p| p.scored);
        let status = if verdict.status == Status::Fail && !scored { Status::Warn } else { verdict.status };
        let alternative = verdict.status == Status::Pass && verdict.info.check == CheckKind::AnyPattern;
        let message = (status != Status::Pass || alternative).then(|| verdict.message().into());
        Self {
            rule: u32::try_from(verdict.rule).unwrap_or(u32::MAX),
            resource,
            status,
            enforced: set.action(verdict.rule, namespace, None) == Action::Enforce,
            message,
            place: verdict.place,
        }
    }
}

impl Row {
    /// The row with its resource counted from another number on.
    pub fn renumbered(self, first: u32) -> Self {
        Self { resource: self.resource.saturating_add(first), ..self }
    }
}

impl Results<'_> {
    /// The rule of a row.
    pub fn rule(&self, row: &Row) -> Option<&RuleInfo> {
        self.set.rules().get(row.rule as usize)
    }

    /// The policy of a row.
    pub fn policy(&self, row: &Row) -> Option<&PolicyInfo> {
        self.set.policy_of(row.rule as usize)
    }

    /// The resource of a row, and where it came from.
    pub fn resource(&self, row: &Row) -> Option<&(Resource, Arc<Source>)> {
        self.resources.get(row.resource as usize)
    }

    /// The message of a row.
    pub fn message(&self, row: &Row) -> String {
        match &row.message {
            Some(message) => message.to_string(),
            None => self.rule(row).map_or(String::new(), |r| format!("validation rule '{}' passed.", r.name)),
        }
    }

    /// The counts.
    pub fn summary(&self) -> Summary {
        let mut s = Summary::default();
        for row in &self.rows {
            match row.status {
                Status::Pass => s.pass += 1,
                Status::Fail => s.fail += 1,
                Status::Warn => s.warn += 1,
                Status::Error => s.error += 1,
                Status::Skip => s.skip += 1,
            }
        }
        s
    }

    /// Whether an enforced rule is violated, or a rule could not be decided.
    pub fn is_bad(&self) -> bool {
        self.rows.iter().any(|r| r.status == Status::Error || (r.status == Status::Fail && r.enforced))
    }
}
