//! What a check found: rows, and the resources they are about.

use crate::engine::{CheckKind, PolicyInfo, PolicySet, RuleInfo, Status, Verdict};
use crate::policy::classic::Action;
use kyvc_vm::document::{Document, Place};
use std::io;
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
    /// What reports have of it besides
    pub properties: Vec<(String, String)>,
    /// Where the value is that a failure is about
    pub place: Place,
}

/// What a check found, or a piece of it: a large input gives its results piece by piece.
#[derive(Debug)]
pub struct Results<'s> {
    /// The set that was asked
    pub set: &'s PolicySet,
    /// The resources, in the order of the input, each with the name of the source it came from
    pub resources: Vec<(Resource, Arc<str>)>,
    /// The rows, resource by resource
    pub rows: Vec<Row>,
}

/// An output format: it gets the results in the order of the input, and writes what it can at once.
pub trait Writer<'s> {
    /// Takes a piece of the results.
    fn piece(&mut self, piece: Results<'s>) -> io::Result<()>;

    /// Writes what stands after the last piece.
    fn end(&mut self, totals: &Totals) -> io::Result<()>;
}

/// What all pieces come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// How many policies were asked
    pub policies: usize,
    /// How many resources they were asked about
    pub resources: usize,
    /// The counts of rows
    pub summary: Summary,
    /// Whether an enforced rule is violated, or a rule could not be decided
    pub bad: bool,
}

impl Totals {
    /// Counts a piece.
    pub fn add(&mut self, piece: &Results<'_>) {
        self.resources += piece.resources.len();
        for row in &piece.rows {
            self.summary.count(row.status);
            self.bad |= row.status == Status::Error || (row.status == Status::Fail && row.enforced);
        }
    }
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

impl Summary {
    /// Counts one more row.
    pub fn count(&mut self, status: Status) {
        *match status {
            Status::Pass => &mut self.pass,
            Status::Fail => &mut self.fail,
            Status::Warn => &mut self.warn,
            Status::Error => &mut self.error,
            Status::Skip => &mut self.skip,
        } += 1;
    }
}

impl Row {
    /// The row of a verdict.
    pub fn of(set: &PolicySet, verdict: &Verdict<'_>, resource: u32, namespace: &str) -> Self {
        let scored = set.policy_of(verdict.rule).is_none_or(|p| p.scored);
        let status = if verdict.status == Status::Fail && !scored { Status::Warn } else { verdict.status };
        let alternative = verdict.status == Status::Pass && verdict.info.check == CheckKind::AnyPattern;
        let message =
            (status != Status::Pass || alternative || !verdict.info.says_own_pass()).then(|| verdict.message().into());
        Self {
            rule: u32::try_from(verdict.rule).unwrap_or(u32::MAX),
            resource,
            status,
            enforced: set.action(verdict.rule, namespace, None) == Action::Enforce,
            message,
            properties: verdict.properties.clone(),
            place: verdict.place,
        }
    }
}

impl<'s> Results<'s> {
    /// No results yet.
    pub fn new(set: &'s PolicySet) -> Self {
        Self { set, resources: Vec::new(), rows: Vec::new() }
    }

    /// Takes another piece's results behind these.
    pub fn append(&mut self, piece: Results<'s>) {
        let first = u32::try_from(self.resources.len()).unwrap_or(u32::MAX);
        self.resources.extend(piece.resources);
        let row = |row: Row| Row { resource: row.resource.saturating_add(first), ..row };
        self.rows.extend(piece.rows.into_iter().map(row));
    }

    /// The rule of a row.
    pub fn rule(&self, row: &Row) -> Option<&RuleInfo> {
        self.set.rules().get(row.rule as usize)
    }

    /// The policy of a row.
    pub fn policy(&self, row: &Row) -> Option<&PolicyInfo> {
        self.set.policy_of(row.rule as usize)
    }

    /// The resource of a row, and where it came from.
    pub fn resource(&self, row: &Row) -> Option<&(Resource, Arc<str>)> {
        self.resources.get(row.resource as usize)
    }

    /// The message of a row.
    pub fn message(&self, row: &Row) -> String {
        match &row.message {
            Some(message) => message.to_string(),
            None => self.rule(row).map_or(String::new(), RuleInfo::passed),
        }
    }
}
