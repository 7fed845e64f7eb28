//! `kyverno-test.yaml`: finding the files, and what they say.

use crate::offline::file::{self, clean, dir, go_error, join};
use crate::offline::globals::GlobalEntry;
use crate::offline::mocks::Entry;
use crate::offline::values::ValuesSpec;
use serde::Deserialize;
use std::path::Path;

/// A test, as its file says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Test {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    policies: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    json_payload: Option<String>,
    json_payloads: Option<Vec<String>>,
    http_payloads: Option<Vec<String>>,
    envoy_payloads: Option<Vec<String>>,
    target_resources: Option<Vec<String>>,
    variables: Option<String>,
    param_resources: Option<Vec<String>>,
    userinfo: Option<String>,
    results: Option<Vec<Expected>>,
    pub(super) values: Option<ValuesSpec>,
    exceptions: Option<Vec<String>>,
    cluster_resources: Option<Vec<String>>,
    api_call_responses: Option<Vec<Entry>>,
    global_context_entries: Option<Vec<GlobalEntry>>,
}

/// What a test expects of some rules and resources.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Expected {
    pub(super) policy: String,
    pub(super) rule: String,
    pub(super) result: String,
    pub(super) operation: String,
    pub(super) is_deleting_policy: bool,
    pub(super) resources: Option<Vec<String>>,
    pub(super) resource_specs: Option<Vec<ResourceSpec>>,
    pub(super) patched_resources: String,
    pub(super) generated_resource: String,
    pub(super) generated_resources: Option<Vec<String>>,
    pub(super) clone_source_resource: String,
    pub(super) fail_on_missing_resources: bool,
}

/// A resource by its group, version, namespace and name. Kyverno does not look at the rest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResourceSpec {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// A test and its file, or why there is none.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// The file; in a repository its path there
    pub(super) path: String,
    /// Where the repository is that it is in; nothing where it is in none
    pub(super) root: Option<String>,
    pub(super) test: Result<Test, String>,
}

/// A list that may be missing.
fn list<T>(items: &Option<Vec<T>>) -> &[T] {
    items.as_deref().unwrap_or_default()
}

/// A text that may be missing.
fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// The texts of a list, each only once.
fn unique<'t>(items: impl Iterator<Item = &'t String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    items.for_each(|item| {
        if !out.contains(item) {
            out.push(item.clone());
        }
    });
    out
}

impl Test {
    /// Whether the file is of a form that Kyverno gave up.
    pub(super) fn is_deprecated(&self) -> bool {
        text(&self.api_version).is_empty() || text(&self.kind).is_empty() || !text(&self.name).is_empty()
    }

    pub(super) fn policies(&self) -> Vec<String> {
        unique(list(&self.policies).iter())
    }

    pub(super) fn resources(&self) -> Vec<String> {
        unique(list(&self.resources).iter())
    }

    pub(super) fn json_payloads(&self) -> Vec<String> {
        let many = list(&self.json_payloads);
        let one = self.json_payload.iter().filter(|p| many.is_empty() && !p.is_empty());
        let cleaned: Vec<String> = one.chain(many).filter(|p| !p.trim().is_empty()).map(|p| clean(p)).collect();
        unique(cleaned.iter())
    }

    pub(super) fn http_payloads(&self) -> &[String] {
        list(&self.http_payloads)
    }

    pub(super) fn envoy_payloads(&self) -> &[String] {
        list(&self.envoy_payloads)
    }

    pub(super) fn target_resources(&self) -> &[String] {
        list(&self.target_resources)
    }

    pub(super) fn param_resources(&self) -> &[String] {
        list(&self.param_resources)
    }

    pub(super) fn cluster_resources(&self) -> &[String] {
        list(&self.cluster_resources)
    }

    pub(super) fn exceptions(&self) -> &[String] {
        list(&self.exceptions)
    }

    pub(super) fn results(&self) -> &[Expected] {
        list(&self.results)
    }

    pub(super) fn api_call_responses(&self) -> &[Entry] {
        list(&self.api_call_responses)
    }

    pub(super) fn global_context_entries(&self) -> &[GlobalEntry] {
        list(&self.global_context_entries)
    }

    pub(super) fn variables(&self) -> &str {
        text(&self.variables)
    }

    pub(super) fn userinfo(&self) -> &str {
        text(&self.userinfo)
    }
}

impl Case {
    /// The folder that the file is in.
    pub(super) fn folder(&self) -> Folder {
        Folder { path: dir(&self.path), root: self.root.clone() }
    }
}

/// A folder that files are named from.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: String,
    root: Option<String>,
}

impl Folder {
    /// Where a file is. Of a repository nothing leads out.
    pub(super) fn at(&self, path: &str) -> String {
        match &self.root {
            None => join(&self.path, path),
            Some(root) => format!("{root}{}", clean(&format!("/{}/{path}", self.path))),
        }
    }

    /// Where a file is that Kyverno looks for from the top of a repository.
    pub(super) fn below_top(&self, path: &str) -> String {
        match &self.root {
            None => self.at(path),
            Some(root) => format!("{root}{}", clean(&format!("/{path}"))),
        }
    }

    /// Where a file is that Kyverno does not look for in a repository.
    pub(super) fn outside(&self, path: &str) -> String {
        if self.root.is_some() { path.to_owned() } else { self.at(path) }
    }

    /// A text without the place of the repository.
    pub(super) fn hide(&self, text: &str) -> String {
        self.root.as_ref().map_or_else(|| text.to_owned(), |root| text.replace(root, ""))
    }
}

/// Finds the files of a name in a folder of a repository, in the order of their paths.
pub(super) fn find_in(root: &str, folder: &str, name: &str) -> Result<Vec<Case>, String> {
    let mut found = Vec::new();
    search(&clean(&format!("{root}/{folder}")), name, &mut found)?;
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    let inside = |path: &String| path.strip_prefix(root).is_some_and(|p| is_yaml && !p.starts_with("/.git/"));
    found.retain(inside);
    found.sort_unstable();
    let mut cases = Vec::new();
    for path in found {
        let own = path.strip_prefix(root).unwrap_or(&path).to_owned();
        read(&path, &mut |test| cases.push(Case { path: own.clone(), root: Some(root.to_owned()), test }));
    }
    Ok(cases)
}

/// Finds the files of a name in a folder and all folders in it, in the order of their names.
pub(super) fn find(folder: &str, name: &str) -> Result<Vec<Case>, String> {
    let (mut found, mut cases) = (Vec::new(), Vec::new());
    search(&clean(folder), name, &mut found)?;
    for path in found {
        read(&path, &mut |test| cases.push(Case { path: path.clone(), root: None, test }));
    }
    Ok(cases)
}

fn search(folder: &str, name: &str, out: &mut Vec<String>) -> Result<(), String> {
    let fail = |e: std::io::Error| format!("open {folder}: {}", go_error(&e));
    let entries = std::fs::read_dir(Path::new(folder)).map_err(fail)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let own = entry.file_name();
        let path = join(folder, &own.to_string_lossy());
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            search(&path, name, out)?;
        } else if own == *name {
            out.push(path);
        }
    }
    Ok(())
}

/// Reads the tests of a file, up to the first that is wrong.
fn read(path: &str, each: &mut dyn FnMut(Result<Test, String>)) {
    match file::open(Path::new(path)) {
        Ok(source) => file::documents::<Test>(&source, &file::TEST).into_iter().for_each(each),
        Err(e) => each(Err(e)),
    }
}
