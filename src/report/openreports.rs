//! The reports that `kyverno apply -p` prints: `openreports.io/v1alpha1`.

use super::go_yaml;
pub use super::rows::Summary;
use super::rows::{Results, Totals, Writer};
use crate::engine::{PolicyInfo, Status, Violated};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

const API_VERSION: &str = "openreports.io/v1alpha1";

/// A `ClusterReport`, or for a namespaced policy a report that Kyverno calls `PolicyReport`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    kind: &'static str,
    api_version: &'static str,
    metadata: Metadata,
    source: &'static str,
    summary: Summary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<ReportResult>,
}

#[derive(Clone, Debug, Serialize)]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
}

/// One rule's result for one resource.
#[derive(Clone, Debug, Serialize)]
pub struct ReportResult {
    source: &'static str,
    policy: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    rule: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    timestamp: Timestamp,
    result: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    scored: bool,
    resources: [Reference; 1],
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    properties: BTreeMap<String, String>,
    #[serde(skip)]
    status: Status,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Timestamp {
    seconds: u64,
    nanos: u32,
}

/// What a result is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// `kind`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `metadata.namespace`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// `metadata.name`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `metadata.uid`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// `apiVersion`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// `metadata.resourceVersion`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
}

/// What a result says, besides its policy and resource.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'f> {
    /// The rule
    pub rule: &'f str,
    /// What became of it
    pub status: Status,
    /// Why
    pub message: &'f str,
    /// Whether a violation only warns: the policy audits, and the user asked for warnings then
    pub audit_warns: bool,
    /// When, in seconds since 1970
    pub seconds: u64,
    /// The policy exceptions that the rule does not apply because of
    pub exceptions: &'f [String],
    /// What is violated of a Pod Security Standard
    pub standard: Option<&'f Violated>,
    /// What the rule itself adds
    pub properties: &'f [(String, String)],
}

/// A violated control, as reports have it in a property.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Control<'c> {
    #[serde(rename = "ID")]
    id: &'c str,
    name: &'c str,
    images: &'c Option<Vec<String>>,
}

impl ReportResult {
    /// A result.
    pub fn new(policy: &PolicyInfo, resource: &Reference, finding: &Finding<'_>) -> Self {
        let status = match finding.status {
            Status::Fail if !policy.scored || finding.audit_warns => Status::Warn,
            other => other,
        };
        let name = &policy.name;
        Self {
            source: "kyverno",
            policy: namespace(policy).map_or_else(|| name.clone(), |ns| format!("{ns}/{name}")),
            rule: finding.rule.to_owned(),
            category: policy.category.clone(),
            severity: policy.severity.map(crate::engine::Severity::name),
            timestamp: Timestamp { seconds: finding.seconds, nanos: 0 },
            result: status.name(),
            scored: policy.scored,
            resources: [resource.clone()],
            message: message(finding),
            properties: properties(policy.process(), finding),
            status,
        }
    }
}

/// The message; what the rule adds may take its place.
fn message(finding: &Finding<'_>) -> String {
    let own = |key: &str| finding.properties.iter().find(|(k, text)| k == key && !text.is_empty()).map(|(_, t)| t);
    let of_status = format!("{}Message", finding.status.name());
    own("message").or_else(|| own(&of_status)).map_or_else(|| finding.message.to_owned(), Clone::clone)
}

/// Kyverno: pkg/utils/report/results.go, ToPolicyReportResult and addPodSecurityProperties.
fn properties(process: &str, finding: &Finding<'_>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = finding.properties.iter().cloned().collect();
    all.insert("process".to_owned(), process.to_owned());
    if !finding.exceptions.is_empty() {
        let names: Vec<_> = finding.exceptions.iter().map(|key| key.rsplit('/').next().unwrap_or_default()).collect();
        all.insert("exceptions".to_owned(), names.join(","));
    }
    if let Some(violated) = finding.standard.filter(|v| !v.controls.is_empty()) {
        let controls: Vec<_> =
            violated.controls.iter().map(|c| Control { id: c.id, name: c.control, images: &c.images }).collect();
        let ids: Vec<_> = violated.controls.iter().map(|c| c.id).collect();
        let json = super::go_json::to_json(&controls).unwrap_or_default();
        all.insert("standard".to_owned(), violated.level.to_owned());
        all.insert("version".to_owned(), violated.version.clone());
        all.insert("controls".to_owned(), ids.join(","));
        all.insert("controlsJSON".to_owned(), json.trim_end().to_owned());
    }
    all
}

/// The namespace a policy's report is in; a `Policy` without one is reported like a `ClusterPolicy`.
fn namespace(policy: &PolicyInfo) -> Option<&str> {
    policy.namespace.as_deref().filter(|ns| !ns.is_empty())
}

/// Collects results and makes the reports of them.
///
/// Kyverno's order of reports is Go's random order of maps; here it is that of the responses.
#[derive(Debug, Default)]
pub struct Reports {
    clustered: Vec<ReportResult>,
    namespaced: Vec<Report>,
}

impl Reports {
    /// Adds what the rules of one policy said of one resource. In Kyverno each such response of a namespaced policy is
    /// a report of its own.
    pub fn add(&mut self, policy: &PolicyInfo, results: Vec<ReportResult>) {
        if results.is_empty() {
            return;
        }
        match namespace(policy) {
            None => self.clustered.extend(results),
            Some(ns) => self.namespaced.push(report("PolicyReport", policy.name.clone(), ns.to_owned(), results)),
        }
    }

    /// Prints all reports, as JSON where `json` is set and else as YAML.
    pub fn print(self, json: bool, out: &mut dyn io::Write) -> io::Result<()> {
        if !self.clustered.is_empty() {
            let merged = report("ClusterReport", "merged".to_owned(), String::new(), self.clustered);
            writeln!(out, "{}", text(&merged, json)?)?;
        }
        for report in self.namespaced {
            writeln!(out, "---\n{}", text(&report, json)?)?;
        }
        Ok(())
    }
}

fn report(kind: &'static str, name: String, namespace: String, results: Vec<ReportResult>) -> Report {
    let mut summary = Summary::default();
    results.iter().for_each(|r| summary.count(r.status));
    Report { kind, api_version: API_VERSION, metadata: Metadata { name, namespace }, source: "", summary, results }
}

fn text(report: &Report, json: bool) -> io::Result<String> {
    let text = if json { super::go_json::to_json(report) } else { go_yaml::to_yaml(report) };
    text.map_err(io::Error::other)
}

/// The results of `kyvc check` as such reports, in YAML.
pub struct OpenReports<'o> {
    out: &'o mut dyn io::Write,
    seconds: u64,
    /// Of the report that is being written: that of all cluster policies
    merged: Summary,
    others: Reports,
}

impl<'o> OpenReports<'o> {
    /// Reports of every row.
    pub fn new(out: &'o mut dyn io::Write) -> Self {
        Self { out, seconds: now(), merged: Summary::default(), others: Reports::default() }
    }

    /// The merged report before its results, and after them: its keys are sorted.
    fn around(&self) -> io::Result<(String, String)> {
        let mut merged = report("ClusterReport", "merged".to_owned(), String::new(), Vec::new());
        merged.summary = self.merged;
        let text = text(&merged, false)?;
        Ok(match text.find("source:").and_then(|at| text.split_at_checked(at)) {
            Some((head, tail)) => (head.to_owned(), tail.to_owned()),
            None => (text, String::new()),
        })
    }
}

impl<'s> Writer<'s> for OpenReports<'_> {
    fn piece(&mut self, piece: Results<'s>) -> io::Result<()> {
        for row in &piece.rows {
            let (Some(policy), Some(rule), Some((r, _))) = (piece.policy(row), piece.rule(row), piece.resource(row))
            else {
                continue;
            };
            let reference = Reference {
                kind: r.kind.clone(),
                namespace: r.namespace.clone(),
                name: r.name.clone(),
                api_version: r.api_version.clone(),
                ..Reference::default()
            };
            let (message, seconds) = (piece.message(row), self.seconds);
            let finding = Finding {
                rule: &rule.name,
                status: row.status,
                message: &message,
                audit_warns: false,
                seconds,
                exceptions: &[],
                standard: None,
                properties: &row.properties,
            };
            let result = ReportResult::new(policy, &reference, &finding);
            if namespace(policy).is_some() {
                self.others.add(policy, vec![result]);
                continue;
            }
            if self.merged == Summary::default() {
                writeln!(self.out, "{}results:", self.around()?.0)?;
            }
            self.merged.count(result.status);
            write!(self.out, "{}", go_yaml::to_yaml(&[result]).map_err(io::Error::other)?)?;
        }
        Ok(())
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        if self.merged != Summary::default() {
            writeln!(self.out, "{}", self.around()?.1)?;
        }
        std::mem::take(&mut self.others).print(false, self.out)
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| d.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Severity;
    use crate::policy::classic::Action;

    fn policy(namespace: Option<&str>, scored: bool) -> PolicyInfo {
        PolicyInfo {
            name: "require-labels".to_owned(),
            namespace: namespace.map(str::to_owned),
            category: "Best <Practices>".to_owned(),
            severity: Some(Severity::Medium),
            scored,
            action: Action::Enforce,
            background: true,
            rule_count: 1,
            ..PolicyInfo::default()
        }
    }

    fn print(policy: &PolicyInfo, status: Status, audit_warns: bool, json: bool) -> String {
        let resource = Reference {
            kind: "Pod".to_owned(),
            namespace: "default".to_owned(),
            name: "nginx".to_owned(),
            resource_version: "7".to_owned(),
            api_version: "v1".to_owned(),
            ..Reference::default()
        };
        let finding = Finding {
            rule: "check",
            status,
            message: "it's: so",
            audit_warns,
            seconds: 5,
            exceptions: &[],
            standard: None,
            properties: &[],
        };
        let mut reports = Reports::default();
        reports.add(policy, vec![ReportResult::new(policy, &resource, &finding)]);
        let mut out = Vec::new();
        reports.print(json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_in_the_order_of_the_reference() {
        let text = print(&policy(None, true), Status::Fail, false, true);
        let want = concat!(
            r#"{"kind":"ClusterReport","apiVersion":"openreports.io/v1alpha1","metadata":{"name":"merged"},"source":"","#,
            r#""summary":{"pass":0,"fail":1,"warn":0,"error":0,"skip":0},"results":[{"source":"kyverno","#,
            r#""policy":"require-labels","rule":"check","category":"Best \u003cPractices\u003e","severity":"medium","#,
            r#""timestamp":{"seconds":5,"nanos":0},"result":"fail","scored":true,"resources":[{"kind":"Pod","#,
            r#""namespace":"default","name":"nginx","apiVersion":"v1","resourceVersion":"7"}],"#,
            r#""message":"it's: so","properties":{"process":"background scan"}}]}"#,
            "\n"
        );
        assert_eq!(text, want);
    }

    #[test]
    fn yaml_of_a_namespaced_policy_is_a_report_of_its_own() {
        let text = print(&policy(Some("default"), false), Status::Fail, false, false);
        let start = "---\napiVersion: openreports.io/v1alpha1\nkind: PolicyReport\nmetadata:\n  name: require-labels\n  \
                     namespace: default\nresults:\n- category: Best <Practices>\n  message: 'it''s: so'\n  \
                     policy: default/require-labels\n";
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains("  result: warn\n") && !text.contains("scored"), "{text}");
        assert!(text.ends_with("  pass: 0\n  skip: 0\n  warn: 1\n\n"), "{text}");
    }

    #[test]
    fn audited_violations_may_warn() {
        assert!(print(&policy(None, true), Status::Fail, true, true).contains("\"result\":\"warn\""));
        assert!(print(&policy(None, true), Status::Error, true, true).contains("\"result\":\"error\""));
        assert_eq!(print(&policy(Some(""), true), Status::Pass, false, false).matches("---").count(), 0);
    }
}
