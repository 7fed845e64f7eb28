//! `kyvc apply --cluster`: each folder of `tests/e2e/apply` is a case, with a policy, arguments, maybe an input, and what Kyverno 1.19
//! said to the same cluster, with the objects of `objects.yaml`.

use crate::said::said;
use crate::support::Cluster;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A case: it fails with what is different.
pub(crate) type Case<'c> = Box<dyn Fn() -> Result<(), String> + 'c>;

/// Makes the objects, and gives the cases by their names.
pub(crate) fn cases(cluster: &Cluster) -> Vec<(String, Case<'_>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/apply");
    let objects = std::fs::read_to_string(folder.join("objects.yaml")).unwrap();
    for part in objects.split("# ---- ").skip(1) {
        cluster.kubectl(&["apply", "--server-side", "-f", "-"], &format!("# {part}"));
        // What comes next may be of a kind that this defines.
        if part.contains("kind: CustomResourceDefinition") {
            cluster.kubectl(&["wait", "--for=condition=established", "crd", "--all"], "");
        }
    }
    cluster.kubectl(&["create", "-f", "-"], &many());
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    found.retain(|p| p.is_dir());
    found.sort_unstable();
    let case = |folder: PathBuf| {
        let name = format!("apply/{}", folder.file_name().unwrap().to_string_lossy());
        (name, Box::new(move || run(cluster, &folder)) as Case<'_>)
    };
    found.into_iter().map(case).collect()
}

/// More objects than one request gets.
fn many() -> String {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: many}\n".to_owned();
    (0..230).fold(namespace, |text, n| {
        text + &format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: n{n}, namespace: many}}\n")
    })
}

fn run(cluster: &Cluster, folder: &Path) -> Result<(), String> {
    let arguments = std::fs::read_to_string(folder.join("args")).unwrap();
    let input = || File::open(folder.join("stdin.yaml")).map_or_else(|_| Stdio::null(), Stdio::from);
    let ask = |program: &Path| {
        let mut command = Command::new(program);
        command.arg("apply").args(arguments.split_whitespace()).current_dir(folder);
        command.env("KUBECONFIG", cluster.kubeconfig()).env("HOME", "/nowhere").stdin(input());
        said(&command.output().unwrap_or_else(|e| panic!("{}: {e}", program.display())))
    };
    let file = folder.join("expected.txt");
    let mut expected = std::fs::read_to_string(&file).unwrap_or_default();
    if let Some(reference) = std::env::var_os("KYVC_REFERENCE") {
        let now = ask(Path::new(&reference));
        if std::env::var_os("KYVC_E2E_BLESS").is_some() {
            std::fs::write(&file, &now).unwrap();
            expected = now;
        } else if now != expected {
            return Err(format!("Kyverno says something else than it did:\n{now}\n--- it said\n{expected}"));
        }
    }
    let ours = ask(Path::new(env!("CARGO_BIN_EXE_kyvc")));
    if ours == expected { Ok(()) } else { Err(format!("kyvc says:\n{ours}\n--- Kyverno says\n{expected}")) }
}
