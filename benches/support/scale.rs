//! Sets of thousands of rules: the shipped policies, again and again under other names.

use super::measure::{median, ratio};
use super::process::run;
use super::{Failure, Figures, Worker, compiled, pod_security_sources, policy_files};
use kyvc::diag::Source;
use kyvc::engine::{PolicySet, load, save};
use serde::Deserialize;
use serde_yaml::{Mapping, Value};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// The arguments with which a bench loads the set after them, checks a Pod with it and says what memory it has; or does
/// all but that.
pub(crate) const LOAD: &str = "--load-set";
pub(crate) const LOAD_NOTHING: &str = "--load-no-set";

/// A policy under another name.
fn renamed(policy: &Value, number: usize) -> Value {
    let mut policy = policy.clone();
    if let Some(name) = policy.get_mut("metadata").and_then(|m| m.get_mut("name")) {
        *name = format!("{}-{number}", name.as_str().unwrap_or_default()).into();
    }
    policy
}

fn rules(policy: &Value) -> &[Value] {
    policy.get("spec").and_then(|s| s.get("rules")).and_then(Value::as_sequence).map_or(&[], |r| r)
}

/// The `resources` of what a rule matches.
fn resources(rule: &mut Value) -> Vec<&mut Value> {
    let filters = rule.get_mut("match").and_then(|m| m.get_mut("any")).and_then(Value::as_sequence_mut);
    filters.into_iter().flatten().filter_map(|f| f.get_mut("resources")).collect()
}

fn is_about_pods(rule: &Value) -> bool {
    let mut rule = rule.clone();
    resources(&mut rule).iter().any(|r| {
        let kinds = r.get("kinds").and_then(Value::as_sequence);
        kinds.is_some_and(|kinds| kinds.iter().any(|k| matches!(k.as_str(), Some("Pod" | "*"))))
    })
}

/// A policy about Pods that are elsewhere: in another namespace, or of another name. No other rules are made of it.
fn elsewhere(policy: &Value, number: usize) -> Value {
    let mut policy = renamed(policy, number);
    if let Some(metadata) = policy.get_mut("metadata").and_then(Value::as_mapping_mut) {
        let notes = metadata.entry("annotations".into()).or_insert_with(|| Mapping::new().into());
        if let Some(notes) = notes.as_mapping_mut() {
            notes.insert("pod-policies.kyverno.io/autogen-controllers".into(), "none".into());
        }
    }
    let rules = policy.get_mut("spec").and_then(|s| s.get_mut("rules")).and_then(Value::as_sequence_mut);
    for rule in rules.into_iter().flatten() {
        for resources in resources(rule).into_iter().filter_map(Value::as_mapping_mut) {
            let (key, text) = if number.is_multiple_of(2) { ("namespaces", "team") } else { ("names", "batch") };
            resources.insert(key.into(), vec![Value::from(format!("{text}-{}", number / 4))].into());
        }
    }
    policy
}

/// The shipped policies that judge.
fn judging() -> Result<Vec<Value>, Failure> {
    let mut all = shipped(&["best-practices", "pod-security"])?;
    all.retain(|p| rules(p).iter().all(|r| r.get("validate").is_some()));
    Ok(all)
}

fn shipped(folders: &[&str]) -> Result<Vec<Value>, Failure> {
    let mut out = Vec::new();
    for file in policy_files(folders)? {
        for document in serde_yaml::Deserializer::from_str(&fs::read_to_string(file)?) {
            out.push(Value::deserialize(document)?);
        }
    }
    Ok(out)
}

/// Policies as JSON, which says of every text that it is one.
fn source(policies: &[Value]) -> Result<Arc<Source>, Failure> {
    let texts = policies.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    Ok(Source::new("many.yaml", texts.join("\n---\n")))
}

/// The shipped policies as they are written, under other names, until there are so many rules.
fn written(count: usize) -> Result<String, Failure> {
    let files = policy_files(&["best-practices", "pod-security", "mutate", "generate"])?;
    let texts = files.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let (mut out, mut rules) = (String::new(), 0);
    for number in 0.. {
        for text in &texts {
            let (before, rest) = text.split_once("\n  name: ").ok_or("a policy without a name")?;
            let (name, after) = rest.split_once('\n').ok_or("a policy that ends with its name")?;
            out.push_str(&format!("---\n{before}\n  name: {name}-{number}\n{after}\n"));
            rules += text.lines().filter(|line| line.starts_with("    - name: ")).count();
            if rules >= count {
                return Ok(out);
            }
        }
    }
    Ok(out)
}

/// Rules about other kinds and about Pods that are elsewhere, as many of each, until a set with the pod-security set has
/// so many.
pub(crate) fn crowd(count: usize) -> Result<PolicySet, Failure> {
    let own = pod_security_sources()?;
    let missing = count.saturating_sub(compiled(&own)?.rules().len());
    let all = judging()?;
    let (pods, others): (Vec<_>, Vec<_>) = all.iter().partition(|p| rules(p).iter().any(is_about_pods));
    let (mut many, mut number, mut left) = (Vec::new(), 0, [missing / 2, missing.div_ceil(2)]);
    while left.iter().any(|l| *l > 0) {
        for (side, policies) in [&pods, &others].into_iter().enumerate() {
            let Some(policy) = policies.get(number % policies.len()) else { continue };
            let (count, left) = (rules(policy).len(), left.get_mut(side).ok_or("no side")?);
            if *left > 0 {
                many.push(if side == 0 { elsewhere(policy, number) } else { renamed(policy, number) });
                *left = left.saturating_sub(count);
            }
        }
        number += 1;
    }
    // The rules that match stand among the others.
    let (before, after) = many.split_at(many.len() / 2);
    let sources: Vec<_> = [source(before)?].into_iter().chain(own).chain([source(after)?]).collect();
    compiled(&sources)
}

/// A set is loaded, and a Pod checked with it.
pub(crate) fn load_and_check(how: &str, file: &str) -> Result<(), Failure> {
    let set = if how == LOAD { Some(load(&fs::read(file)?)?) } else { None };
    let pod = super::object("pod.json")?;
    if let Some(set) = &set {
        std::hint::black_box(Worker::new(set).flatten_and_check(&pod));
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no memory")?;
    println!("{}", resident.trim().trim_end_matches(" kB"));
    Ok(())
}

/// The CPU time of this thread so far.
fn cpu_seconds() -> Result<f64, Failure> {
    let times = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = times.split(' ').next().ok_or("no times")?.parse()?;
    Ok(nanoseconds / 1e9)
}

pub(crate) fn figures(kyvc: &Path, folder: &Path, rounds: u32, bench: bool) -> Result<Figures, Failure> {
    let (loaded, compiling) = if bench { (10_000, 7_000) } else { (400, 100) };
    let alone = compiled(&pod_security_sources()?)?;
    let crowd = crowd(loaded)?;
    if crowd.rules().len() < loaded {
        return Err(format!("only {} rules", crowd.rules().len()).into());
    }
    let pod = super::object("pod.json")?;
    let (mut few, mut many) = (Worker::new(&alone), Worker::new(&crowd));
    let (expected, found) = (few.flatten_and_check(&pod), many.flatten_and_check(&pod));
    if expected != found || found.passed < 20 {
        return Err(format!("{expected:?} of the few, {found:?} of the many").into());
    }
    let time = ratio(rounds, &mut || _ = many.flatten_and_check(&pod), &mut || _ = few.flatten_and_check(&pod));
    let mut figures: Figures = vec![("rules-10000-of-which-match-20", time, Some(1.2))];

    let file = folder.join("crowd.kyvb");
    fs::write(&file, save(&crowd))?;
    let own = std::env::current_exe()?;
    let memory = |how: &str| {
        let out = Command::new(&own).arg(how).arg(&file).output()?;
        Ok::<f64, Failure>(String::from_utf8(out.stdout)?.trim().parse()?)
    };
    figures.push(("rules-10000-MiB", (memory(LOAD)? - memory(LOAD_NOTHING)?) / 1024.0, Some(40.0)));
    fs::remove_file(&file)?;

    let (policies, set) = (folder.join("many.yaml"), folder.join("many.kyvb"));
    fs::write(&policies, written(compiling)?)?;
    let mut compile = Command::new(kyvc);
    compile.arg("compile").arg(&policies).arg("-o").arg(&set);
    let compile = run(&mut compile, if bench { 3 } else { 1 })?;
    figures.push(("rules-7000-compile-CPU-seconds", compile.cpu, Some(3.0)));
    let bytes = fs::read(&set)?;
    let rules = load(&bytes)?.rules().len();
    if rules < compiling {
        return Err(format!("only {rules} rules in the file").into());
    }
    let loading = (0..9).map(|_| {
        let start = cpu_seconds()?;
        let loaded = std::hint::black_box(load(&bytes));
        let time = cpu_seconds()? - start;
        drop(loaded?);
        Ok(time)
    });
    let loading = median(loading.collect::<Result<Vec<f64>, Failure>>()?);
    figures.push(("rules-7000-load-CPU-seconds", loading, Some(0.1)));
    [policies, set].iter().try_for_each(fs::remove_file)?;
    Ok(figures)
}
