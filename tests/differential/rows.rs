//! Rows of a report, and how two lists of them differ.

use serde_json::Value;

/// What a report begins with.
const REPORT: &str = "{\"kind\":\"";

/// One rule's result on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    /// The policy, `namespace/name` for a namespaced one.
    pub(crate) policy: String,
    /// The rule.
    pub(crate) rule: String,
    /// The resource's kind.
    pub(crate) kind: String,
    /// The resource's namespace.
    pub(crate) namespace: String,
    /// The resource's name.
    pub(crate) name: String,
    /// pass, fail, warn, error or skip.
    pub(crate) result: String,
    /// The message.
    pub(crate) message: String,
}

impl Row {
    /// The policy's name without its namespace.
    pub(crate) fn policy_name(&self) -> &str {
        self.policy.rsplit('/').next().unwrap_or("")
    }

    /// The row as if another policy had made it.
    pub(crate) fn without_policy(&self) -> Self {
        Self { policy: String::new(), ..self.clone() }
    }

    /// The row without a mark in names and texts.
    pub(crate) fn without(mut self, mark: &str) -> Self {
        if !mark.is_empty() {
            self.name = self.name.replace(mark, "");
            self.message = self.message.replace(mark, "");
        }
        self
    }

    /// The row in one line.
    pub(crate) fn line(&self) -> String {
        format!("{:5} {} {}/{}/{} {:?}", self.result, self.rule, self.namespace, self.kind, self.name, self.message)
    }
}

/// The rows in what a command printed, sorted; None where there is no report.
///
/// Kyverno prints one report for all cluster policies and one for every namespaced policy and resource, each a line. Before
/// the first there may be `Error: not found` without a line break, for kinds of subresources that a values file knows not.
pub(crate) fn parse(stdout: &str) -> Option<Vec<Row>> {
    let mut rows = None;
    for report in stdout.lines().filter_map(|line| line.get(line.find(REPORT)?..)) {
        let report: Value = serde_json::from_str(report).ok()?;
        report_rows(&report, rows.get_or_insert_with(Vec::new));
    }
    if let Some(rows) = &mut rows {
        rows.sort();
    }
    rows
}

fn report_rows(report: &Value, rows: &mut Vec<Row>) {
    for result in report["results"].as_array().into_iter().flatten() {
        let none = vec![Value::Null];
        for resource in result["resources"].as_array().filter(|l| !l.is_empty()).unwrap_or(&none) {
            rows.push(row(result, resource));
        }
    }
}

fn row(result: &Value, resource: &Value) -> Row {
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or("").to_owned();
    Row {
        policy: text(result, "policy"),
        rule: text(result, "rule"),
        kind: text(resource, "kind"),
        namespace: text(resource, "namespace"),
        name: text(resource, "name"),
        result: text(result, "result"),
        message: canonical(&text(result, "message")),
    }
}

/// A text with the violations of Pod Security Standards in one order: the reference walks over a Go map of them, which has
/// more orders than can be sampled. What is said of names that are not found depends on the machine.
pub(crate) fn canonical(text: &str) -> String {
    without_resolver(&operators(&sorted(text)))
}

/// A text with the lists of all operators in one order: they are a Go map, too.
fn operators(text: &str) -> String {
    const MARK: &str = "valid values: [";
    let mut parts = text.split(MARK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (list, rest) = part.split_once(']').unwrap_or((part, ""));
        let mut words: Vec<&str> = list.split(' ').collect();
        words.sort_unstable();
        out.push_str(&format!("{MARK}{}]{rest}", words.join(" ")));
    }
    out
}

/// A text without the name server that knows no address, and without its words.
fn without_resolver(text: &str) -> String {
    const MARK: &str = "dial tcp: lookup ";
    const ENDS: [&str; 4] = [": no such host", ": server misbehaving", ": i/o timeout", ": connection refused"];
    let mut parts = text.split(MARK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let host = part.split([' ', ':']).next().unwrap_or_default();
        let end = ENDS.iter().filter_map(|end| Some((part.find(end)?, end.len()))).min();
        let rest = end.and_then(|(at, len)| part.get(at + len..)).unwrap_or_default();
        out.push_str(&format!("{MARK}{host}: not found{rest}"));
    }
    out
}

fn sorted(text: &str) -> String {
    const MARK: &str = "It violates PodSecurity ";
    const PART: &str = "(Forbidden reason: ";
    let line = |line: &str| {
        let begin = line.find(MARK).and_then(|at| Some(at + line.get(at..)?.find(PART)?));
        let Some((head, parts)) = begin.and_then(|at| line.split_at_checked(at)) else { return line.to_owned() };
        let mut parts: Vec<&str> = parts.split(PART).filter(|p| !p.is_empty()).collect();
        parts.sort_unstable();
        format!("{head}{PART}{}", parts.join(PART))
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The lines about policies that were skipped or invalid: `name: reason`.
pub(crate) fn refused(stdout: &str) -> Vec<String> {
    let head = stdout.split(REPORT).next().unwrap_or("");
    let entry = |line: &str| {
        let (number, rest) = line.split_once(". ")?;
        number.parse::<usize>().ok()?;
        Some(rest.to_owned())
    };
    head.lines().filter_map(entry).collect()
}

/// What kind of difference there is between the rows of one pair: pairs of results, `message` where only messages differ.
pub(crate) fn signature(reference: &[Row], kyvc: &[Row]) -> Vec<String> {
    let mut out = Vec::new();
    let mut left: Vec<&Row> = kyvc.iter().filter(|r| !reference.contains(r)).collect();
    for row in reference.iter().filter(|r| !kyvc.contains(r)) {
        let other = left.iter().position(|o| o.rule == row.rule && o.name == row.name && o.kind == row.kind);
        match other.map(|i| left.remove(i)) {
            Some(o) if o.result == row.result => out.push(format!("{} message", row.result)),
            Some(o) => out.push(format!("{} -> {}", row.result, o.result)),
            None => out.push(format!("{} -> none", row.result)),
        }
    }
    out.extend(left.iter().map(|o| format!("none -> {}", o.result)));
    if out.is_empty() && reference.len() != kyvc.len() {
        out.push("count".to_owned());
    }
    out.sort();
    out.dedup();
    out
}
