//! `kyvc create exception`.

use super::{items, one, required};
use crate::cli::compat::go_bool;
use clap::ArgAction::Set;
use std::fmt::Write as _;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// Its name
    name: Vec<String>,
    /// Output path (uses standard console output if not set)
    #[arg(short, long, default_value = "", hide_default_value = true, value_name = "PATH")]
    pub(super) output: String,
    /// Policy exception namespace
    #[arg(long, default_value = "", hide_default_value = true)]
    namespace: String,
    /// Set to false when policy shouldn't be considered in background scans
    #[arg(short, long, action = Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = go_bool)]
    background: bool,
    /// Policy name, followed by rule names: policy,rule-1,rule-2,...
    #[arg(long, value_name = "POLICY,RULES")]
    policy_rules: Vec<String>,
    /// List of resource filters
    #[arg(long, value_name = "FIELD=VALUE,...")]
    any: Vec<String>,
    /// List of resource filters
    #[arg(long, value_name = "FIELD=VALUE,...")]
    all: Vec<String>,
}

#[derive(Default)]
struct Filter {
    kinds: Vec<String>,
    names: Vec<String>,
    namespaces: Vec<String>,
    operations: Vec<String>,
}

impl Filter {
    /// One without a value for one of its fields is no filter.
    fn parse(text: &str) -> Option<Self> {
        let mut filter = Self::default();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').filter(|(_, value)| !value.contains('='))?;
            match key {
                "kind" => filter.kinds.push(value.to_owned()),
                "name" => filter.names.push(value.to_owned()),
                "namespace" => filter.namespaces.push(value.to_owned()),
                "operation" => filter.operations.push(value.to_owned()),
                _ => {}
            }
        }
        Some(filter)
    }

    fn write(&self, out: &mut String) {
        let fields = [
            ("    - kinds", &self.kinds),
            ("      names", &self.names),
            ("      namespaces", &self.namespaces),
            ("      operations", &self.operations),
        ];
        for (name, list) in fields.into_iter().filter(|(_, list)| !list.is_empty()) {
            let _ = writeln!(out, "{name}:");
            items(list, 8, out);
        }
    }
}

/// The exception.
pub(super) fn text(args: &Args) -> Result<String, String> {
    let name = one(&args.name)?;
    required(&[("policy-rules", !args.policy_rules.is_empty())])?;
    let namespace = if args.namespace.is_empty() { "default" } else { &args.namespace };
    let mut out = format!(
        "apiVersion: kyverno.io/v2
kind: PolicyException
metadata:
  name: {name}
  namespace: {namespace}
spec:
  background: {}
  match:
",
        args.background
    );
    for (which, texts) in [("any", &args.any), ("all", &args.all)] {
        let filters: Vec<Filter> = texts.iter().filter_map(|t| Filter::parse(t)).collect();
        if !filters.is_empty() {
            let _ = writeln!(out, "    {which}:");
            filters.iter().for_each(|f| f.write(&mut out));
        }
    }
    let rules: Vec<(&str, &str)> = args.policy_rules.iter().filter_map(|t| t.split_once(',')).collect();
    if !rules.is_empty() {
        out.push_str("  exceptions:\n");
    }
    for (policy, names) in rules {
        let _ = writeln!(out, "    - policyName: {policy}\n      ruleNames:");
        items(&names.split(',').map(str::to_owned).collect::<Vec<_>>(), 8, &mut out);
    }
    Ok(out)
}
