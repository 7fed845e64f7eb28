//! What Kyverno printed: `folders.json` and `cross.json`, with what is beside them.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Policy, rule, kind, namespace, name, result, message.
pub(crate) type Row = [String; 7];

/// A folder or policy file with what Kyverno made of it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The folder or file.
    pub(crate) id: String,
    /// `test`, where the folder is one with a test.
    pub(crate) test: Option<Tested>,
    /// `apply`, with a report and without; `None` where Kyverno itself crashed.
    pub(crate) applied: Option<Applied>,
    /// The tags of the index.
    pub(crate) needs: Vec<String>,
    /// The measures in which Kyverno differs from itself.
    pub(crate) unstable: Vec<String>,
}

/// What `test` said.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Tested {
    /// The exit code.
    pub(crate) rc: Option<i32>,
    /// The last line about all results.
    pub(crate) summary: Option<String>,
    /// The last line of all, where there is no such line.
    pub(crate) err: Option<String>,
}

/// What `apply` said.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// The rows of the report.
    pub(crate) rows: Vec<Row>,
    /// The exit code with a report.
    pub(crate) rc: i32,
    /// Without a report.
    pub(crate) plain: Plain,
}

/// What `apply` said without a report.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Plain {
    /// The exit code.
    pub(crate) rc: Option<i32>,
    /// The line of figures.
    pub(crate) counts: Option<String>,
    /// All that was printed.
    #[serde(default)]
    pub(crate) stdout: String,
}

/// A record, and the command lines that make it again.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The arguments of `apply` with a report.
    pub(crate) argv: Vec<String>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// What should come.
    pub(crate) record: Record,
}

#[derive(Deserialize)]
struct Raw {
    dir: String,
    #[serde(default)]
    argv: Vec<String>,
    test: Tested,
    apply: Option<Apply>,
    #[serde(default)]
    plain: Option<Plain>,
}

#[derive(Deserialize)]
struct Apply {
    rc: i32,
    results: Option<Vec<Row>>,
}

impl Apply {
    /// What it said, no rows where it ran and had nothing to report; `None` where Kyverno itself crashed.
    fn applied(self, plain: Plain) -> Option<Applied> {
        let Self { rc, results } = self;
        let rows = results.or_else(|| matches!(rc, 0 | 1).then(Vec::new))?;
        Some(Applied { rows, rc, plain })
    }
}

/// The folders with tests.
pub(crate) fn folders(root: &Path) -> Result<Vec<Job>, String> {
    jobs(root, "", |raw| (raw.argv.clone(), root.join(&raw.dir)))
}

/// The policy files, each applied to all manifests of `cross/`.
pub(crate) fn cross(root: &Path) -> Result<Vec<Job>, String> {
    let path = |tail: &str| root.join(tail).display().to_string();
    let manifests = path("cross/resources.yaml");
    let flags = ["--remove-color", "--continue-on-fail", "-p", "--output-format", "json"];
    jobs(root, "cross", |raw| {
        let mut argv: Vec<String> = ["apply", &path(&raw.dir), "-r", &manifests].map(str::to_owned).into();
        argv.extend(flags.map(str::to_owned));
        (argv, root.to_owned())
    })
}

type Tags = HashMap<String, Vec<String>>;

/// The jobs of a recording: `folders.json` and its companions where `name` is empty, else `name.json` and `name-*.json`.
fn jobs(root: &Path, name: &str, command: impl Fn(&Raw) -> (Vec<String>, PathBuf)) -> Result<Vec<Job>, String> {
    let (file, prefix) =
        if name.is_empty() { ("folders".to_owned(), String::new()) } else { (name.to_owned(), format!("{name}-")) };
    let raw: Vec<Raw> = read(root, &file)?;
    let (mut index, mut unstable): (Tags, Tags) =
        (read(root, &format!("{prefix}index"))?, read(root, &format!("{prefix}unstable"))?);
    let mut jobs = Vec::new();
    for raw in raw {
        let (argv, folder) = command(&raw);
        let Raw { dir: id, test, apply, plain, .. } = raw;
        let test = test.rc.is_some().then_some(test);
        let applied = apply.and_then(|a| a.applied(plain.unwrap_or_default())).filter(|_| !argv.is_empty());
        if test.is_none() && applied.is_none() {
            continue;
        }
        let needs = index.remove(&id).unwrap_or_else(|| vec!["unknown".to_owned()]);
        let unstable = unstable.remove(&id).unwrap_or_default();
        jobs.push(Job { argv, folder, record: Record { id, test, applied, needs, unstable } });
    }
    Ok(jobs)
}

/// A file of `expected/`, empty where it is missing.
fn read<T: DeserializeOwned + Default>(root: &Path, name: &str) -> Result<T, String> {
    let file = root.join("expected").join(format!("{name}.json"));
    if !file.exists() {
        return Ok(T::default());
    }
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))
}
