mod conformance;
mod properties;
mod reading;
mod subset;

use super::*;

/// Every document as JSON, then the code of the error if there is one.
fn read(name: &str, text: &str, options: ReadOptions) -> Vec<String> {
    let source = Source::new(name, text);
    let layout = Layout::everything();
    let (docs, error) = read_all(&source, &layout, options);
    let json = |d: Document<'_>| d.root().map_or(String::new(), |root| go_json(&d, root));
    let mut out: Vec<String> = docs.into_iter().map(json).collect();
    out.extend(error.map(|e| e.code.name().to_owned()));
    out
}

fn lenient(text: &str) -> Vec<String> {
    read("x.yaml", text, ReadOptions::default())
}

fn strict(text: &str) -> Vec<String> {
    read("x.yaml", text, ReadOptions::policy())
}

/// What sigs.k8s.io/yaml makes of a text.
fn sigs(text: &str, strict: bool) -> Result<String, Diagnostic> {
    let source = Source::new("x.yaml", text);
    let layout = Layout::everything();
    let doc = value(&source, &layout, Buffers::default(), ReadOptions { strict, ..ReadOptions::default() })?;
    Ok(doc.root().map_or(String::new(), |root| go_json(&doc, root)))
}
