//! `kyvc crds`.

use super::common::{BAD_USAGE, print};
use crate::diag::{Code, Diagnostic};
use crate::k8s::api::Kind;
use crate::k8s::api::kinds::KINDS;
use crate::yaml::emit::to_yaml;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::process::ExitCode;

/// Arguments of `kyvc crds`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Kinds, in full, in plural or in short: all of them where there is none
    kinds: Vec<String>,
    /// How they are printed
    #[arg(short, long, value_enum, default_value_t = Output::Yaml)]
    output: Output,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    /// A document for each
    Yaml,
    /// One List of all
    Json,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let text = chosen(&args.kinds).and_then(|kinds| {
        let definitions = kinds.iter().map(|k| k.definition());
        match args.output {
            Output::Yaml => definitions.map(|d| to_yaml(&d).map(|text| format!("---\n{text}"))).collect(),
            Output::Json => Ok(list(definitions.collect())),
        }
    });
    match text {
        Ok(text) => {
            let _ = io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            print(&[why]);
            ExitCode::from(BAD_USAGE)
        }
    }
}

/// The kinds that are named.
fn chosen(names: &[String]) -> Result<Vec<&'static Kind>, Diagnostic> {
    if names.is_empty() {
        return Ok(KINDS.iter().collect());
    }
    let one = |name: &String| {
        KINDS.iter().find(|k| k.is_called(name)).ok_or_else(|| {
            let known: Vec<&str> = KINDS.iter().map(|k| k.name).collect();
            let message = format!("there is no kind `{name}`; the kinds are {}", known.join(", "));
            Diagnostic::new(Code::BadSetting, message)
        })
    };
    names.iter().map(one).collect()
}

fn list(items: Vec<Value>) -> String {
    format!("{:#}\n", json!({ "apiVersion": "v1", "kind": "List", "items": items }))
}
