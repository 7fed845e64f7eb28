//! `kyvc create cluster-role`.

use super::{one, required};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name
    name: Vec<String>,
    /// Output file path (prints to console if not set)
    #[arg(short, long, default_value = "", hide_default_value = true, value_name = "PATH")]
    pub(super) output: String,
    /// API group for the resource (required)
    #[arg(short = 'g', long, value_name = "GROUP")]
    api_groups: Option<String>,
    /// A list of resources (required)
    #[arg(long)]
    resources: Vec<String>,
    /// A list of verbs or 'all' for all verbs (required)
    #[arg(long)]
    verbs: Vec<String>,
    /// List of controllers for the ClusterRole
    #[arg(long, default_value = "background-controller")]
    controllers: Vec<String>,
}

const ALL: [&str; 6] = ["create", "get", "update", "delete", "list", "watch"];

/// The role.
pub(super) fn text(args: &Args) -> Result<String, String> {
    let name = one(&args.name)?;
    required(&[
        ("api-groups", args.api_groups.is_some()),
        ("resources", !args.resources.is_empty()),
        ("verbs", !args.verbs.is_empty()),
    ])?;
    if name.is_empty() {
        return Err("name argument is required".to_owned());
    }
    let group = args.api_groups.as_deref().unwrap_or_default();
    if group.is_empty() {
        return Err("required flag(s) \"api-groups\" not set".to_owned());
    }
    if args.controllers.iter().all(String::is_empty) && args.controllers.len() < 2 {
        return Err("invalid controller provided".to_owned());
    }
    let verbs: Vec<&str> = match args.verbs.first() {
        Some(first) if first == "all" => ALL.to_vec(),
        _ => args.verbs.iter().map(String::as_str).collect(),
    };
    let controllers = args.controllers.iter();
    let labels = controllers.map(|c| format!("      rbac.kyverno.io/aggregate-to-{c}: \"true\"\n"));
    Ok(format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: kyverno-{name}-permission
  labels:
{}rules:
  - apiGroups: [\"{group}\"]
    resources: [\"{}\"]
    verbs: [\"{}\"]",
        labels.collect::<String>(),
        args.resources.join(","),
        verbs.join("\", \""),
    ))
}
