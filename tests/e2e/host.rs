//! What rules ask of a cluster, asked without rules, in the objects of `apply/objects.yaml`.

use crate::apply::Case;
use crate::support::Cluster;
use kyvc::engine::{ApiCall, Host, Question, TargetSelector};
use kyvc::k8s::ClusterHost;
use kyvc::lower::matches::parse_kind;
use serde_json::Value;

/// Asks, and fails with what is different.
type Ask = fn(&Cluster) -> Result<(), String>;

/// Gives the cases by their names.
pub(crate) fn cases(cluster: &Cluster) -> Vec<(String, Case<'_>)> {
    let all: [(&str, Ask); 5] = [
        ("config-maps", config_maps),
        ("namespaces", namespaces),
        ("calls", calls),
        ("targets", targets),
        ("new-kinds", new_kinds),
    ];
    let case = |(name, ask): (&str, Ask)| (format!("host/{name}"), Box::new(move || ask(cluster)) as Case<'_>);
    all.into_iter().map(case).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found {found:?}\n--- expected {expected:?}")) }
}

/// A member of an answer.
fn member(answer: &Result<String, String>, pointer: &str) -> Result<String, String> {
    let value: Value = serde_json::from_str(answer.as_ref()?).map_err(|e| e.to_string())?;
    Ok(value.pointer(pointer).map_or_else(String::new, |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
}

fn config_maps(cluster: &Cluster) -> Result<(), String> {
    let host = ClusterHost::new(cluster.client());
    let ask = |name: &str| host.ask(&Question::ConfigMap { namespace: "shop".to_owned(), name: name.to_owned() });
    let found = ask("allowed");
    same(&member(&found, "/data/registries")?, &"ghcr.io".to_owned())?;
    same(&member(&found, "/metadata/name")?, &"allowed".to_owned())?;
    same(&member(&found, "/kind")?, &String::new())?;
    same(&ask("nothing"), &Err("configmaps \"nothing\" not found".to_owned()))
}

fn namespaces(cluster: &Cluster) -> Result<(), String> {
    let host = ClusterHost::new(cluster.client());
    same(&member(&host.namespace_labels("shop"), "/team")?, &"blue".to_owned())?;
    same(&host.namespace_labels("nowhere"), &Err("namespaces \"nowhere\" not found".to_owned()))
}

fn calls(cluster: &Cluster) -> Result<(), String> {
    let host = ClusterHost::new(cluster.client());
    let ask = |method: &str, path: &str, data: &str| {
        let (method, url_path, data) = (method.to_owned(), path.to_owned(), data.to_owned());
        host.ask(&Question::ApiCall(ApiCall { method, url_path, data, ..ApiCall::default() }))
    };
    let pods = ask("GET", "/api/v1//namespaces/shop/pods?labelSelector=app in (good)", "");
    same(&member(&pods, "/items/0/metadata/name")?, &"good".to_owned())?;
    same(&member(&pods, "/items/1")?, &String::new())?;
    let review = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
    let me = ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review);
    same(&member(&me, "/status/userInfo/username")?, &"admin".to_owned())?;
    same(&ask("PUT", "/api", ""), &Err("method not supported: PUT".to_owned()))?;
    let missing = "the server could not find the requested resource";
    same(&ask("GET", "/apis/nothing/v1", ""), &Err(missing.to_owned()))
}

fn targets(cluster: &Cluster) -> Result<(), String> {
    let host = ClusterHost::new(cluster.client());
    let select = |kind: &str, namespace: &str, name: &str, labels: Option<&str>| {
        let (api_version, kind, name) = ("*".to_owned(), kind.to_owned(), name.to_owned());
        let labels = labels.map(str::to_owned);
        let selector = TargetSelector { api_version, kind, namespace: namespace.to_owned(), name, labels };
        let found = host.targets(&selector).unwrap_or_else(|| Err("nobody has targets".to_owned()))?;
        found.into_iter().map(|object| member(&Ok(object), "/metadata/name")).collect::<Result<Vec<_>, String>>()
    };
    let names = |names: &[&str]| Ok(names.iter().map(|n| (*n).to_owned()).collect());
    same(&select("Pod", "shop", "good", None), &names(&["good"]))?;
    same(&select("Pod", "*", "", Some(r#"{"matchLabels":{"tier":"web"}}"#)), &names(&["bad", "good"]))?;
    same(&select("Pod", "", "the-*", None), &names(&["the-office"]))?;
    let not_web = r#"{"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]}"#;
    same(&select("Pod", "", "", Some(not_web)), &names(&["the-office"]))?;
    same(&select("Node", "", "worker", None), &names(&["worker"]))?;
    same(&select("Deployment/scale", "shop", "web", None), &names(&["web"]))?;
    same(&select("Pod", "shop", "nothing", None), &Err("pods \"nothing\" not found".to_owned()))?;
    same(&select("Nothing", "shop", "x", None), &Err("resource not found".to_owned()))
}

/// What is defined while a host runs is found, though it was asked before.
fn new_kinds(cluster: &Cluster) -> Result<(), String> {
    let host = ClusterHost::new(cluster.client());
    let kind = parse_kind("Gadget").ok_or("no kind")?;
    same(&host.find(&kind).is_err(), &true)?;
    cluster.kubectl(
        &["apply", "-f", "-"],
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  names: {kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}
  scope: Cluster
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
",
    );
    cluster.kubectl(&["wait", "--for=condition=established", "crd", "gadgets.example.com"], "");
    // The server tells of it a moment later.
    let found = (0..50).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        host.find(&kind).ok()
    });
    let found = found.ok_or("the new kind is not found")?;
    same(&found.iter().map(|(r, _)| r.plural.as_str()).collect::<Vec<_>>(), &vec!["gadgets"])
}
