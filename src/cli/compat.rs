//! What Kyverno's command line says of bad usage, and how it reads the values of flags.
//!
//! Kyverno: github.com/spf13/cobra and pflag.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use kyvc_vm::scalar::duration;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

/// Go: strconv.ParseBool.
pub fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        other => Err(format!("strconv.ParseBool: parsing {other:?}: invalid syntax")),
    }
}

/// Go: strconv.ParseInt.
pub fn go_int<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|e: ParseIntError| {
        let why = match e.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("strconv.ParseInt: parsing {text:?}: {why}")
    })
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

/// The command that is meant, and what is typed for it.
fn meant<'c>(root: &'c clap::Command, arguments: &[String]) -> (&'c clap::Command, String) {
    let (mut command, mut path) = (root, root.get_bin_name().unwrap_or(root.get_name()).to_owned());
    for argument in arguments.iter().skip(1) {
        let Some(below) = command.find_subcommand(argument) else { break };
        command = below;
        path = format!("{path} {argument}");
    }
    (command, path)
}

/// What cobra says of a usage error.
pub(super) fn usage(error: &clap::Error, root: &clap::Command, arguments: &[String]) -> String {
    let (command, path) = meant(root, arguments);
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
            let short = flag.chars().nth(1).unwrap_or('-');
            let given = arguments.iter().find(|a| a.starts_with('-') && !a.starts_with("--") && a.contains(short));
            format!("unknown shorthand flag: '{short}' in {}", given.unwrap_or(&flag))
        }
        ErrorKind::UnknownArgument => format!("unknown command {flag:?} for {path:?}"),
        ErrorKind::InvalidSubcommand => {
            format!("unknown command {:?} for {path:?}", text(ContextKind::InvalidSubcommand))
        }
        ErrorKind::InvalidValue if value.is_empty() => match arguments.last().map(|a| (a, a.chars().next_back())) {
            Some((last, Some(short))) if !last.starts_with("--") => {
                format!("flag needs an argument: '{short}' in {last}")
            }
            _ => format!("flag needs an argument: {name}"),
        },
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map_or_else(|| "invalid syntax".to_owned(), |e| e.to_string());
            let short = command.get_arguments().find(|a| a.get_long() == name.strip_prefix("--"));
            let short = short.and_then(clap::Arg::get_short).map_or(String::new(), |c| format!("-{c}, "));
            format!("invalid argument {value:?} for \"{short}{name}\" flag: {why}")
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
