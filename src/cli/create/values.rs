//! `kyvc create values`.

use super::pair;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// Output path (uses standard console output if not set)
    #[arg(short, long, default_value = "", hide_default_value = true, value_name = "PATH")]
    pub(super) output: String,
    /// Namespace selector
    #[arg(short, long, value_name = "NAMESPACE,LABEL=VALUE,...")]
    ns_selector: Vec<String>,
    /// Global value
    #[arg(short, long, value_delimiter = ',', value_name = "NAME=VALUE")]
    global: Vec<String>,
    /// Policy rule values
    #[arg(long, value_name = "POLICY,RULE,NAME=VALUE,...")]
    rule: Vec<String>,
    /// Policy resource values
    #[arg(long, value_name = "POLICY,RESOURCE,NAME=VALUE,...")]
    resource: Vec<String>,
}

/// The values.
pub(super) fn text(args: &Args) -> String {
    let mut out = "# list of policy values\npolicies:\n".to_owned();
    for (what, texts) in [("rules", &args.rule), ("resources", &args.resource)] {
        for text in texts {
            let mut parts = text.split(',');
            let (Some(policy), Some(name)) = (parts.next(), parts.next()) else { continue };
            let _ = writeln!(out, "  - name: {policy}\n    {what}:\n      - name: {name}\n        values:");
            write_pairs(parts, 10, &mut out);
        }
    }
    out.push_str("\n# list of global values\nglobalValues:\n");
    write_pairs(args.global.iter().map(String::as_str), 2, &mut out);
    out.push_str("\n# list of namespace selectors\nnamespaceSelector:\n");
    for text in &args.ns_selector {
        let Some((name, labels)) = text.split_once(',') else { continue };
        let _ = writeln!(out, "  - name: {name}\n    labels:");
        write_pairs(labels.split(','), 6, &mut out);
    }
    out
}

/// Pairs in the order of their names; the last of one name counts.
fn write_pairs<'t>(texts: impl Iterator<Item = &'t str>, indent: usize, out: &mut String) {
    let pairs: BTreeMap<&str, &str> = texts.filter_map(pair).collect();
    for (key, value) in pairs {
        let _ = writeln!(out, "{:indent$}{key}: {value}", "");
    }
}
