//! `kyvc create user-info`.

use super::items;
use std::fmt::Write as _;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct Args {
    /// Output path (uses standard console output if not set)
    #[arg(short, long, default_value = "", hide_default_value = true, value_name = "PATH")]
    pub(super) output: String,
    /// User name
    #[arg(short, long, default_value = "", hide_default_value = true)]
    username: String,
    /// Role
    #[arg(short, long, value_delimiter = ',')]
    role: Vec<String>,
    /// Cluster role
    #[arg(short, long, value_delimiter = ',')]
    cluster_role: Vec<String>,
    /// Group
    #[arg(short, long, value_delimiter = ',')]
    group: Vec<String>,
}

/// The user.
pub(super) fn text(args: &Args) -> String {
    let mut out = "# list of roles\nroles:\n".to_owned();
    items(&args.role, 2, &mut out);
    out.push_str("\n# list of cluster roles\nclusterRoles:\n");
    items(&args.cluster_role, 2, &mut out);
    let _ = write!(out, "\nuserInfo:\n  # user name\n  username: {}\n\n  # list of groups\n  groups:\n", args.username);
    items(&args.group, 4, &mut out);
    out
}
