//! What Kyverno's command line says of bad usage, and how it reads the values of flags.
//!
//! Kyverno: github.com/spf13/cobra and pflag.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use kyvc_vm::scalar::duration;

/// Kyverno's flags about its log. kyvc has none; the flags are taken so that scripts go on working.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Klog {
    /// How much is logged
    #[arg(short = 'v', long = "v", hide = true, value_name = "LEVEL")]
    pub verbosity: Option<String>,
    /// Where log goes to
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub alsologtostderr: Option<String>,
    /// Where log goes to
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub logtostderr: Option<String>,
    /// Where log goes to
    #[arg(long, hide = true)]
    pub stderrthreshold: Option<String>,
    /// How much is logged where
    #[arg(long, hide = true)]
    pub vmodule: Option<String>,
}

/// Go: strconv.ParseBool.
pub fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        other => Err(format!("strconv.ParseBool: parsing {other:?}: invalid syntax")),
    }
}

/// Go: time.ParseDuration, in nanoseconds.
pub fn go_duration(text: &str) -> Result<i64, String> {
    duration::parse(text).map_err(|e| e.to_string())
}

/// The commands that speak as Kyverno's do.
const COMMANDS: [&str; 6] = ["apply", "test", "create", "docs", "completion", "version"];

/// Whether a command line is one of those.
pub(super) fn is_kyverno(arguments: &[String]) -> bool {
    arguments.get(1).is_some_and(|a| COMMANDS.contains(&a.as_str()))
}

/// What cobra says of a usage error.
pub(super) fn usage(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(s)) => s.clone(),
        Some(ContextValue::Strings(all)) => all.join(", "),
        _ => String::new(),
    };
    let flag = text(ContextKind::InvalidArg);
    let name = flag.split([' ', '=', '[', '<']).next().unwrap_or_default();
    let value = text(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument if flag.starts_with("--") => format!("unknown flag: {name}"),
        ErrorKind::UnknownArgument if flag.starts_with('-') => {
            format!("unknown shorthand flag: '{}' in {flag}", flag.chars().nth(1).unwrap_or('-'))
        }
        ErrorKind::UnknownArgument => format!("unknown command {flag:?}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("flag needs an argument: {name}"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map_or_else(|| "invalid syntax".to_owned(), |e| e.to_string());
            format!("invalid argument {value:?} for {name:?} flag: {why}")
        }
        ErrorKind::MissingRequiredArgument => {
            let names: Vec<String> = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(all)) => all.iter().map(|s| long_name(s)).collect(),
                _ => vec![long_name(name)],
            };
            let names: Vec<String> = names.iter().map(|n| format!("{n:?}")).collect();
            format!("required flag(s) {} not set", names.join(", "))
        }
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    }
}

fn long_name(flag: &str) -> String {
    flag.split([' ', '=', '[', '<']).next().unwrap_or_default().trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_and_durations() {
        assert_eq!((go_bool("T"), go_bool("0")), (Ok(true), Ok(false)));
        assert_eq!(go_bool("maybe").unwrap_err(), "strconv.ParseBool: parsing \"maybe\": invalid syntax");
        assert_eq!(go_duration("90m"), Ok(5_400_000_000_000));
        assert_eq!(go_duration("x").unwrap_err(), "time: invalid duration \"x\"");
    }
}
