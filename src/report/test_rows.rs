//! The rows of `kyverno test`, and the formats that it prints them in besides its table.
//!
//! Kyverno: commands/test/output.go, printOutputFormats.

use super::{go_json, go_yaml3};
use kyvc_vm::document::{Buffers, JsonOptions, Layout, read_json};
use serde_json::{Map, Value};
use std::fmt;
use std::io;

/// What a row says of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is as expected
    Pass,
    /// It is not
    Fail,
    /// It was not tested
    Skip,
}

impl Judgement {
    /// The word in the row.
    pub fn name(self) -> &'static str {
        match self {
            Judgement::Pass => "Pass",
            Judgement::Fail => "Fail",
            Judgement::Skip => "Skip",
        }
    }
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The result is the expected one
    Ok,
    /// The expected result, and the one that came
    Want(String, &'static str),
    /// No rule of the policy says anything of the resource
    Excluded,
    /// No policy of the name was asked about the resource
    NotFound,
    /// Kyverno refuses the policy
    InvalidPolicy,
    /// A resource differs from the expected one
    ResourceDiff,
    /// The expected resource cannot be read
    ResourceError,
}

impl Reason {
    /// Whether Kyverno shows it in colour.
    pub fn is_remark(&self) -> bool {
        matches!(self, Reason::Excluded | Reason::NotFound | Reason::InvalidPolicy)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Ok => f.write_str("Ok"),
            Reason::Want(want, got) => write!(f, "Want {want}, got {got}"),
            Reason::Excluded => f.write_str("Excluded"),
            Reason::NotFound => f.write_str("Not found"),
            Reason::InvalidPolicy => f.write_str("Invalid Policy"),
            Reason::ResourceDiff => f.write_str("Resource diff"),
            Reason::ResourceError => f.write_str("Resource error"),
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number
    pub id: usize,
    /// The policy, as the test names it
    pub policy: String,
    /// The rule
    pub rule: String,
    /// What stands before the resource's name
    pub path: String,
    /// The resource's name
    pub name: String,
    /// Whether it is as expected
    pub judgement: Judgement,
    /// Why
    pub reason: Reason,
    /// What the rule said
    pub message: String,
}

/// How many rows there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// As expected, and not skipped
    pub pass: usize,
    /// Not as expected
    pub fail: usize,
    /// Skipped: expected so, or not tested
    pub skip: usize,
}

impl Row {
    /// Whether the test failed.
    pub fn is_failure(&self) -> bool {
        self.judgement == Judgement::Fail
    }

    /// The policy as Kyverno shows it: of more than two parts, the first two.
    pub fn shown_policy(&self) -> String {
        let mut parts = self.policy.split('/');
        match (parts.next(), parts.next()) {
            (Some("") | None, Some(name)) => name.to_owned(),
            (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
            _ => self.policy.clone(),
        }
    }

    /// The resource as Kyverno shows it.
    pub fn shown_resource(&self) -> String {
        format!("{}/{}", self.path, self.name)
    }
}

/// A format for rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A list of objects
    Json,
    /// The same
    Yaml,
    /// A table
    Markdown,
    /// A suite a policy
    Junit,
}

impl Format {
    /// The format of a name.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "json" => Format::Json,
            "yaml" => Format::Yaml,
            "markdown" => Format::Markdown,
            "junit" => Format::Junit,
            _ => return None,
        })
    }

    /// Prints rows, with their messages where `detailed` is set.
    ///
    /// # Errors
    /// Those of the output.
    pub fn print(self, rows: &[Row], detailed: bool, out: &mut dyn io::Write) -> io::Result<()> {
        let text = match self {
            Format::Json => json(rows, detailed)?,
            Format::Yaml => yaml(rows, detailed),
            Format::Markdown => markdown(rows, detailed),
            Format::Junit => junit(rows, detailed),
        };
        writeln!(out, "\n{text}\n")
    }
}

/// The rows as a list of objects.
fn objects(rows: &[Row], detailed: bool) -> Value {
    let object = |row: &Row| {
        let mut out = Map::new();
        out.insert("ID".to_owned(), row.id.into());
        if detailed {
            out.insert("Message".to_owned(), row.message.clone().into());
        }
        for (key, value) in [
            ("POLICY", row.shown_policy()),
            ("REASON", row.reason.to_string()),
            ("RESOURCE", row.shown_resource()),
            ("RESULT", row.judgement.name().to_owned()),
            ("RULE", row.rule.clone()),
        ] {
            out.insert(key.to_owned(), value.into());
        }
        Value::Object(out)
    };
    Value::Array(rows.iter().map(object).collect())
}

fn json(rows: &[Row], detailed: bool) -> io::Result<String> {
    go_json::to_json_indented(&objects(rows, detailed)).map_err(io::Error::other)
}

fn yaml(rows: &[Row], detailed: bool) -> String {
    let (text, layout) = (objects(rows, detailed).to_string(), Layout::everything());
    let doc = read_json(&text, &layout, Buffers::default(), JsonOptions::default());
    doc.map_or(String::new(), |doc| go_yaml3::to_yaml(&doc))
}

fn markdown(rows: &[Row], detailed: bool) -> String {
    let mut headers = vec!["ID", "POLICY", "RULE", "RESOURCE", "RESULT", "REASON"];
    if detailed {
        headers.push("MESSAGE");
    }
    let mut out = format!("| {} | \n|{}\n", headers.join(" | "), "----|".repeat(headers.len()));
    for row in rows {
        let (policy, resource) = (row.shown_policy(), row.shown_resource());
        let (result, reason) = (row.judgement.name(), &row.reason);
        out += &format!("| {} | {policy} | {} | {resource} | {result} | {reason} |", row.id, row.rule);
        out += &if detailed { format!(" {} |\n", row.message) } else { "\n".to_owned() };
    }
    out
}

/// Kyverno escapes nothing; its order of the suites is that of a map, here it is that of the rows.
fn junit(rows: &[Row], detailed: bool) -> String {
    let failures = |rows: &[&Row]| rows.iter().filter(|r| r.is_failure()).count();
    let all: Vec<&Row> = rows.iter().collect();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\">\n",
        all.len(),
        failures(&all)
    );
    let mut policies: Vec<String> = Vec::new();
    for row in rows {
        let policy = row.shown_policy();
        if !policies.contains(&policy) {
            policies.push(policy);
        }
    }
    for policy in policies {
        let own: Vec<&Row> = rows.iter().filter(|r| r.shown_policy() == policy).collect();
        out += &format!(" <testsuite name=\"{policy}\" tests=\"{}\" failures=\"{}\">\n", own.len(), failures(&own));
        own.iter().for_each(|row| out += &case(row, detailed));
        out += " </testsuite>\n";
    }
    out + "</testsuites>"
}

fn case(row: &Row, detailed: bool) -> String {
    let Row { rule, reason, message, .. } = row;
    let (policy, resource) = (row.shown_policy(), row.shown_resource());
    let mut out = format!("  <testcase classname=\"{rule}\" name=\"{resource}\">\n");
    if row.is_failure() {
        out += &format!(
            "   <failure message=\"{reason}\">\n    Policy: {policy}\n    Rule: {rule}\n    Resource: {resource}\n    \
             Result: {}",
            row.judgement.name()
        );
        // Kyverno closes the element only where it shows the message.
        if detailed {
            out += &format!("    Message: {message}\n   </failure>\n");
        }
    } else {
        out += &format!(
            "   <system-out><![CDATA[\n    Reason: {reason}\n    Policy: {policy}\n    Rule: {rule}\n    Resource: \
             {resource}\n"
        );
        if detailed {
            out += &format!("    Message: {message}\n");
        }
        out += "   ]]></system-out>\n";
    }
    out + "  </testcase>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(policy: &str, judgement: Judgement) -> Row {
        Row {
            id: 1,
            policy: policy.to_owned(),
            rule: "r".to_owned(),
            path: "v1/Pod/default".to_owned(),
            name: "p".to_owned(),
            judgement,
            reason: Reason::Ok,
            message: "a: b".to_owned(),
        }
    }

    fn print(format: &str, detailed: bool, judgement: Judgement) -> String {
        let mut out = Vec::new();
        Format::of(format).unwrap().print(&[row("a/b/c", judgement)], detailed, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formats() {
        let yaml = "\n- ID: 1\n  Message: 'a: b'\n  POLICY: a/b\n  REASON: Ok\n  RESOURCE: v1/Pod/default/p\n  RESULT: \
                    Pass\n  RULE: r\n\n\n";
        assert_eq!(print("yaml", true, Judgement::Pass), yaml);
        let json = print("json", false, Judgement::Skip);
        assert!(json.starts_with("\n[\n  {\n    \"ID\": 1,\n    \"POLICY\": \"a/b\",\n"), "{json}");
        let junit = print("junit", false, Judgement::Fail);
        assert!(junit.contains("    Result: Fail  </testcase>\n"), "{junit}");
        let markdown = print("markdown", true, Judgement::Pass);
        assert!(markdown.contains("| MESSAGE | \n|----|----|----|----|----|----|----|\n"), "{markdown}");
    }
}
