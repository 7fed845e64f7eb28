//! Documents that a command printed, as rows: each is one of its policy and the resource that the policy was applied to.

use super::rows::Row;

/// The rows' result.
pub(crate) const PRINTED: &str = "printed";

/// What ends a document.
const ENDS: [&str; 2] = ["Mutation has been applied successfully.", "Generation completed successfully."];

/// The documents in what a command printed.
pub(crate) fn parse(stdout: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut open = false;
    for line in stdout.lines() {
        if let Some(row) = heading(line) {
            rows.push(row);
            open = true;
        } else if let Some(row) = rows.last_mut().filter(|_| open) {
            let end = ENDS.iter().find(|end| line.starts_with(*end));
            open = end.is_none();
            row.message.push_str(end.unwrap_or(&line));
            row.message.push('\n');
        }
    }
    rows
}

/// `policy P applied to NAMESPACE/KIND/NAME:`
fn heading(line: &str) -> Option<Row> {
    let (policy, path) = line.strip_prefix("policy ")?.strip_suffix(':')?.split_once(" applied to ")?;
    let mut parts = path.splitn(3, '/').map(str::to_owned);
    Some(Row {
        policy: policy.to_owned(),
        rule: "document".to_owned(),
        namespace: parts.next()?,
        kind: parts.next()?,
        name: parts.next()?,
        result: PRINTED.to_owned(),
        message: String::new(),
    })
}
