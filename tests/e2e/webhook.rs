//! The admission webhook of a cluster. Each file of `tests/e2e/webhook` is a case: steps of kubectl, and what they say.
//!
//! `> ARGUMENTS` is a step that has to succeed, `>! ARGUMENTS` one that has to fail. The lines that follow it are its
//! input, and those after `< ` are all that it says, or after `<~ ` a part of that. `$NS` is a namespace of the case's own.
//! What is said depends on when a policy takes effect, so that a step is repeated until it says what it should. One that
//! cannot be repeated, as it changes something the first time, is rehearsed with `--dry-run=server`.

use crate::apply::Case;
use crate::support::{Cluster, Replica};
use kyvc::k8s::Client;
use serde_json::json;
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long a step may take until it says what it should.
const PATIENCE: Duration = Duration::from_secs(20);
/// The port of the replica that the API server asks.
pub(crate) const PORT: u16 = 9443;

/// One run of kubectl.
#[derive(Debug, Default)]
struct Step {
    arguments: String,
    fails: bool,
    input: String,
    /// All that it says
    says: Option<String>,
    /// Parts of what it says
    parts: Vec<String>,
}

/// Gives the cases by their names. `slowest` is how long the step took that took longest.
pub(crate) fn cases<'c>(cluster: &'c Cluster, slowest: &'c Cell<Duration>) -> Vec<(String, Case<'c>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/webhook");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort_unstable();
    let client = Rc::new(cluster.client());
    let case = |file: std::path::PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let run = Box::new({
            let (name, client) = (name.clone(), client.clone());
            move || run(cluster, &client, &name, &text, slowest)
        }) as Case<'c>;
        (format!("webhook/{name}"), run)
    };
    files.into_iter().map(case).collect()
}

fn run(cluster: &Cluster, client: &Client, name: &str, text: &str, slowest: &Cell<Duration>) -> Result<(), String> {
    let namespace = format!("case-{name}");
    let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    client.post("/api/v1/namespaces", &made.to_string()).unwrap();
    let done = steps(text, &namespace)?.iter().try_for_each(|step| {
        let took = repeat(cluster, step)?;
        slowest.set(slowest.get().max(took));
        Ok(())
    });
    let kinds = "clusterpolicies,policies.kyverno.io,policyexceptions,globalcontextentries";
    cluster.kubectl(&["delete", kinds, "--all", "--all-namespaces", "--wait=false"], "");
    if text.contains("-n kyvc") || text.contains("namespace: kyvc") {
        cluster.kubectl(&["delete", "configmap", "kyvc", "-n", "kyvc", "--ignore-not-found"], "");
    }
    done
}

fn steps(text: &str, namespace: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.replace("$NS", namespace).lines() {
        let (fails, start) = match (line.strip_prefix("> "), line.strip_prefix(">! ")) {
            (Some(rest), _) => (false, Some(rest)),
            (_, rest) => (true, rest),
        };
        if let Some(arguments) = start {
            steps.push(Step { arguments: arguments.to_owned(), fails, ..Step::default() });
            continue;
        }
        let Some(step) = steps.last_mut() else {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            return Err(format!("no step before {line:?}"));
        };
        if let Some(part) = line.strip_prefix("<~ ") {
            step.parts.push(part.to_owned());
        } else if let Some(said) = line.strip_prefix("< ").or_else(|| (line == "<").then_some("")) {
            let all = step.says.get_or_insert_default();
            all.push_str(said);
            all.push('\n');
        } else {
            step.input.push_str(line);
            step.input.push('\n');
        }
    }
    Ok(steps)
}

/// What a step does that does nothing new when it is repeated, or cannot be rehearsed.
fn is_repeatable(step: &Step) -> bool {
    let once = ["create ", "run ", "delete ", "label ", "scale ", "patch "];
    let policies = step.arguments.starts_with("patch") && step.arguments.contains("policy");
    !once.iter().any(|o| step.arguments.starts_with(o))
        || policies
        || step.input.contains("generateName:")
        || ["--dry-run", "--raw"].iter().any(|o| step.arguments.contains(o))
}

/// Repeats a step until it says what it should.
fn repeat(cluster: &Cluster, step: &Step) -> Result<Duration, String> {
    let arguments = words(&step.arguments);
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let start = Instant::now();
    let mut rehearsal = !is_repeatable(step);
    if rehearsal {
        arguments.push("--dry-run=server");
    }
    loop {
        let (succeeded, mut said) = cluster.try_kubectl(&arguments, &step.input);
        if rehearsal {
            said = said.replace(" (server dry run)", "");
        }
        let right = succeeded != step.fails
            && step.says.as_ref().is_none_or(|s| s.trim() == said.trim())
            && step.parts.iter().all(|p| said.contains(p.as_str()));
        if right && rehearsal {
            rehearsal = false;
            arguments.pop();
            continue;
        }
        if right {
            return Ok(start.elapsed());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("{} says:\n{said}\n--- expected: {step:#?}", step.arguments));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Words between spaces; those in single quotes stay together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in text.split('\'').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Whatever policies could not decide, nothing went wrong in the replica.
pub(crate) fn quiet(log: &str) -> Result<(), String> {
    let loud: Vec<&str> = log.lines().filter(|l| l.contains(" ERROR ") || l.contains("panicked")).collect();
    if loud.is_empty() { Ok(()) } else { Err(loud.join("\n")) }
}

/// Makes what the replicas need, and starts the first.
pub(crate) fn start(cluster: &Cluster) -> Replica {
    for kind in kyvc::k8s::api::kinds::KINDS {
        cluster.kubectl(&["apply", "--server-side", "-f", "-"], &kind.definition().to_string());
    }
    // What has just been made may have no conditions, which kubectl takes for an error.
    let established = |_| cluster.try_kubectl(&["wait", "--for=condition=established", "crd", "--all"], "").0;
    assert!((0..20).any(established));
    cluster.kubectl(&["create", "namespace", "kyvc"], "");
    Replica::start(cluster, PORT, PORT)
}
