//! `kyvc create test`.

use super::items;
use std::fmt::Write as _;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// Output path (uses standard console output if not set)
    #[arg(short, long, default_value = "", hide_default_value = true, value_name = "PATH")]
    pub(super) output: String,
    /// Test name
    #[arg(short, long, default_value = "test-name")]
    name: String,
    /// List of policy files
    #[arg(short, long, value_delimiter = ',', value_name = "FILES")]
    policy: Vec<String>,
    /// List of resource files
    #[arg(short, long, value_delimiter = ',', value_name = "FILES")]
    resource: Vec<String>,
    /// Values file
    #[arg(short = 'f', long, default_value = "", hide_default_value = true, value_name = "FILE")]
    values: String,
    /// Expected `pass` results
    #[arg(long, value_name = "POLICY,RULE,RESOURCE,NAMESPACE,KIND")]
    pass: Vec<String>,
    /// Expected `fail` results
    #[arg(long, value_name = "POLICY,RULE,RESOURCE,NAMESPACE,KIND")]
    fail: Vec<String>,
    /// Expected `skip` results
    #[arg(long, value_name = "POLICY,RULE,RESOURCE,NAMESPACE,KIND")]
    skip: Vec<String>,
}

const FIELDS: [&str; 5] = ["policy", "rule", "resource", "namespace", "kind"];

/// The test.
pub(super) fn text(args: &Args) -> String {
    let mut out = format!("# test name\nname: {}\n\n# list of policy files\npolicies:\n", args.name);
    items(&args.policy, 2, &mut out);
    out.push_str("\n# list of resource files\nresources:\n");
    items(&args.resource, 2, &mut out);
    let _ = write!(
        out,
        "\n# variables file (optional)\nvariables: {}\n\n# list of expected results\nresults:\n",
        args.values
    );
    for (result, texts) in [("pass", &args.pass), ("fail", &args.fail), ("skip", &args.skip)] {
        for text in texts {
            let parts: Vec<&str> = text.split(',').collect();
            // A sixth part, the patched resource, is read and not written.
            if !(5..=6).contains(&parts.len()) {
                continue;
            }
            for (n, (field, part)) in FIELDS.iter().zip(parts).enumerate() {
                let _ = writeln!(out, "  {} {field}: {part}", if n == 0 { '-' } else { ' ' });
            }
            let _ = writeln!(out, "    result: {result}");
        }
    }
    out
}
