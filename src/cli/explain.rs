//! `kyvc explain`.

use super::common::{BAD_USAGE, Inputs, Loaded, VIOLATIONS, print};
use crate::diag::{Code, Diagnostic};
use crate::engine::{Engine, RuleInfo};
use crate::input;
use crate::manifest;
use crate::report::explain::json::Json;
use crate::report::explain::text::Text;
use crate::report::explain::{Story, Writer};
use crate::report::rows::Totals;
use crate::yaml::ReadOptions;
use clap::ValueEnum;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

/// Arguments of `kyvc explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Explain this rule only, with the rules that are generated of it
    #[arg(short, long)]
    rule: Option<String>,
    /// How it is printed
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// One JSON object with `explained` and `summary`
    Json,
}

impl Args {
    /// Whether a rule is to be explained.
    fn wants(&self, rule: &RuleInfo) -> bool {
        self.rule.as_deref().is_none_or(|wanted| {
            let own = rule.name.strip_prefix("autogen-").unwrap_or(&rule.name);
            rule.name == wanted || own == wanted || own.strip_prefix("cronjob-") == Some(wanted)
        })
    }
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    let loaded = args.inputs.policies();
    let (sources, problems) = input::load(&args.inputs.manifests, "manifest");
    let mut diagnostics = loaded.diagnostics.clone();
    diagnostics.extend(problems);
    if let Some(rule) = args.rule.as_ref().filter(|_| !loaded.set.rules().iter().any(|r| args.wants(r))) {
        diagnostics.push(Diagnostic::new(Code::BadSetting, format!("no policy has a rule `{rule}`")));
    }
    print(&diagnostics);
    let mut unread = diagnostics.iter().any(Diagnostic::is_error);
    let mut totals = Totals { policies: loaded.set.policies().len(), ..Totals::default() };
    let mut out = BufWriter::new(anstream::stdout().lock());
    let written = writer(args, &loaded, &mut out).and_then(|mut report| {
        let mut written = Ok(());
        let mut engine = Engine::default();
        engine.set_traced(true);
        for source in &sources {
            let options = ReadOptions { strict: true, places: true, ..ReadOptions::default() };
            let problems = manifest::read(source, loaded.set.program().layout(), options, &mut |doc| {
                let story = Story::of(&loaded.set, &mut engine, doc, source, |rule| args.wants(rule));
                totals.add(&story.results(&loaded.set));
                // Where nobody reads on, as after `head`, the rules are asked for the exit code.
                if written.is_ok() {
                    written = report.story(&story);
                }
                ControlFlow::Continue(())
            });
            unread |= problems.iter().any(Diagnostic::is_error);
            print(&problems);
        }
        written.and_then(|()| report.end(&totals))
    });
    match written.and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(BAD_USAGE),
        _ if unread => ExitCode::from(BAD_USAGE),
        _ if totals.bad => ExitCode::from(VIOLATIONS),
        _ => ExitCode::SUCCESS,
    }
}

fn writer<'w>(args: &Args, loaded: &'w Loaded, out: &'w mut dyn Write) -> io::Result<Box<dyn Writer + 'w>> {
    Ok(match args.output {
        Output::Text => Box::new(Text::new(&loaded.set, &loaded.units, out)),
        Output::Json => Box::new(Json::new(&loaded.set, out)?),
    })
}
