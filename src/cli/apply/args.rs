//! The arguments of `kyverno apply`, all of them.

use crate::cli::compat::{go_bool, go_duration, go_int};
use clap::ArgAction::Set;

/// Arguments of `kyvc apply`.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(args_override_self = true)]
pub struct Args {
    /// Policies: files, folders, or `-` for standard input
    pub policies: Vec<String>,
    /// Resources: files, a folder, or `-` for standard input
    #[arg(short, long, alias = "resources", value_delimiter = ',', value_name = "FILES")]
    pub resource: Vec<String>,
    /// Values of variables, labels of namespaces
    #[arg(short = 'f', long, value_name = "FILE")]
    pub values_file: Option<String>,
    /// Values of variables, as name=value
    #[arg(short, long, value_delimiter = ',', value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Who makes the requests: roles, cluster roles, user and groups
    #[arg(short, long, value_name = "FILE")]
    pub userinfo: Option<String>,
    /// Print policy reports
    #[arg(short, long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub policy_report: bool,
    /// Format of policy reports: yaml or json
    #[arg(long, default_value = "yaml", value_name = "FORMAT")]
    pub output_format: String,
    /// Print a table
    #[arg(short, long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub table: bool,
    /// Show messages in the table
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub detailed_results: bool,
    /// Use no colours
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub remove_color: bool,
    /// Take violations of policies that only audit for warnings
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub audit_warn: bool,
    /// Exit code for warnings
    #[arg(long, default_value_t = 0, value_name = "CODE", allow_hyphen_values = true, value_parser = go_int::<i32>)]
    pub warn_exit_code: i32,
    /// Use the exit code for warnings where no rule holds for any resource, too
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub warn_no_pass: bool,
    /// Go on with the next resource after one that failed
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub continue_on_fail: bool,
    /// Print no header, for use in a pipe
    #[arg(short = 'i', long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub stdin: bool,

    /// JSON payloads
    #[arg(long, value_delimiter = ',', value_name = "FILES")]
    pub json: Vec<String>,
    /// HTTP requests to check
    #[arg(long, value_delimiter = ',', value_name = "FILES")]
    pub http_payload: Vec<String>,
    /// Envoy requests to check
    #[arg(long, value_delimiter = ',', value_name = "FILES")]
    pub envoy_payload: Vec<String>,
    /// Targets of policies that mutate existing resources
    #[arg(long, alias = "target-resources", value_delimiter = ',', value_name = "FILES")]
    pub target_resource: Vec<String>,
    /// Parameters of admission policies
    #[arg(long, value_delimiter = ',', value_name = "FILES")]
    pub parameter_resource: Vec<String>,
    /// Policy exceptions
    #[arg(short, long, alias = "exceptions", value_delimiter = ',', value_name = "FILES")]
    pub exception: Vec<String>,
    /// Take policy exceptions from the resources
    #[arg(long, alias = "exceptions-with-resources", action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub exceptions_within_resources: bool,
    /// Take policy exceptions from the policies
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub exceptions_within_policies: bool,
    /// Print a policy exception for each violation
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub generate_exceptions: bool,
    /// How long such exceptions live
    #[arg(long, default_value = "720h0m0s", value_name = "DURATION", value_parser = go_duration, allow_hyphen_values = true)]
    pub generated_exception_ttl: i64,
    /// Check the resources of a cluster
    #[arg(short, long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub cluster: bool,
    /// Cluster: the namespace
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// Cluster: check resources without a namespace too
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub cluster_wide_resources: bool,
    /// Cluster: the kubeconfig file
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// Cluster: the context of the kubeconfig file
    #[arg(long)]
    pub context: Option<String>,
    /// Cluster: how many requests at a time
    #[arg(long, default_value_t = 1, value_parser = go_int::<i64>, allow_hyphen_values = true)]
    pub concurrent: i64,
    /// Cluster: how many objects a request gets
    #[arg(long, default_value_t = 100, value_parser = go_int::<i64>, allow_hyphen_values = true)]
    pub batch_size: i64,
    /// Cluster: go on after an error
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = go_bool)]
    pub continue_on_error: bool,
    /// Cluster: say how long loading took
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub show_performance: bool,
    /// Context of policies with CEL
    #[arg(long, value_name = "FILE")]
    pub context_file: Option<String>,
    /// CustomResourceDefinitions of the resources
    #[arg(long, alias = "crd-path", value_delimiter = ',', value_name = "FILES")]
    pub crd_paths: Vec<String>,
    /// Use the image registry
    #[arg(long, action = Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = go_bool)]
    pub registry: bool,
    /// Where mutated and generated resources are written to
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<String>,
    /// Git: the branch
    #[arg(short = 'b', long)]
    pub git_branch: Option<String>,
    /// Git: the user
    #[arg(long)]
    pub username: Option<String>,
    /// Git: the password
    #[arg(long)]
    pub password: Option<String>,
}

impl Args {
    /// What Kyverno itself refuses.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let stdin = |paths: &[String]| paths.iter().any(|p| p == "-");
        let payloads = [&self.json, &self.http_payload, &self.envoy_payload];
        if self.values_file.as_ref().is_some_and(|f| !f.is_empty()) && !self.set.is_empty() {
            return Err("pass the values either using set flag or values_file flag");
        }
        if self.policies.is_empty() {
            return Err("require policy");
        }
        if stdin(&self.policies) && stdin(&self.resource) {
            return Err("a stdin pipe can be used for either policies or resources, not both");
        }
        if !self.resource.is_empty() && !self.json.is_empty() {
            return Err("both resource and json files can not be used together, use one or the other");
        }
        if self.resource.is_empty() && payloads.iter().all(|p| p.is_empty()) && !self.cluster {
            return Err("resource file(s) or cluster required");
        }
        if self.crd_paths.iter().any(|p| !p.trim().is_empty())
            && self.kubeconfig.as_ref().is_some_and(|k| !k.trim().is_empty())
        {
            return Err("crd-paths and kubeconfig flags are mutually exclusive, please use only one of them");
        }
        Ok(())
    }

    /// The first flag that asks for what kyvc cannot do yet.
    ///
    /// Those that only say how, such as `--kubeconfig` without `--cluster`, have no effect in Kyverno either.
    pub(super) fn unsupported(&self) -> Option<&'static str> {
        let flags = [
            ("--json", !self.json.is_empty()),
            ("--http-payload", !self.http_payload.is_empty()),
            ("--envoy-payload", !self.envoy_payload.is_empty()),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}
