//! `kyvc create metrics-config`.

use crate::report::go_json;
use serde::Serialize;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// Output path (uses standard console output if not set)
    #[arg(short, long, default_value = "", hide_default_value = true, value_name = "PATH")]
    pub(super) output: String,
    /// Name
    #[arg(short, long, default_value = "kyverno-metrics")]
    name: String,
    /// Namespace
    #[arg(long, default_value = "kyverno")]
    namespace: String,
    /// Included namespaces
    #[arg(short, long, value_delimiter = ',', value_name = "NAMESPACES")]
    include: Vec<String>,
    /// Excluded namespaces
    #[arg(short, long, value_delimiter = ',', value_name = "NAMESPACES")]
    exclude: Vec<String>,
}

#[derive(Serialize)]
struct Namespaces<'a> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    include: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    exclude: &'a [String],
}

/// The ConfigMap.
pub(super) fn text(args: &Args) -> Result<String, String> {
    let namespaces = Namespaces { include: &args.include, exclude: &args.exclude };
    let json = go_json::to_json_indented(&namespaces).map_err(|e| e.to_string())?.replace('\n', "\n    ");
    Ok(format!(
        "apiVersion: v1
kind: ConfigMap
metadata:
  name: {}
  namespace: {}
data:
  namespaces: |
    {json}
",
        args.name, args.namespace
    ))
}
