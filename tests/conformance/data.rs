//! Recorded cases. They are read by `kyvc_vm`'s reader, because it keeps int64 and float64 apart and rounds as Go does.

use kyvc::policy::tree::Tree;
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, NodeId, read_json};
use kyvc_vm::patch::equal;
use kyvc_vm::scalar::Scalar;
use std::path::Path;

/// A value inside recorded data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datum<'d> {
    doc: &'d Document<'d>,
    node: NodeId,
}

/// Gives the root of a JSON file to `each`; nothing happens where there is no such file.
pub(crate) fn read(file: &Path, each: impl FnOnce(Datum<'_>)) -> Result<(), String> {
    if !file.exists() {
        return Ok(());
    }
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let layout = Layout::everything();
    let doc = read_json(&text, &layout, Buffers::default(), JsonOptions::default())
        .map_err(|e| format!("{}: {e} at byte {}", file.display(), e.offset))?;
    if let Some(node) = doc.root() {
        each(Datum { doc: &doc, node });
    }
    Ok(())
}

impl<'d> Datum<'d> {
    /// A value of a document.
    pub(crate) fn of(doc: &'d Document<'d>, node: NodeId) -> Self {
        Self { doc, node }
    }

    /// Whether Go writes a document as this value.
    pub(crate) fn is(self, other: &Document<'_>) -> bool {
        other.root().is_some_and(|root| equal((self.doc, self.node), (other, root)))
    }

    /// The elements of a list.
    pub(crate) fn items(self) -> impl Iterator<Item = Datum<'d>> {
        self.doc.children(self.node).map(move |node| Datum { doc: self.doc, node })
    }

    /// A member of a map.
    pub(crate) fn get(self, key: &str) -> Option<Datum<'d>> {
        self.doc.get_str(self.node, key).map(|node| Datum { doc: self.doc, node })
    }

    /// A member of a map, or an error that names it.
    pub(crate) fn need(self, key: &str) -> Result<Datum<'d>, String> {
        self.get(key).ok_or_else(|| format!("the case has no {key:?}"))
    }

    /// The text under a key, or an error that names it.
    pub(crate) fn text(self, key: &str) -> Result<&'d str, String> {
        self.need(key)?.as_str().ok_or_else(|| format!("{key:?} of the case is no text"))
    }

    /// The text of a string.
    pub(crate) fn as_str(self) -> Option<&'d str> {
        self.doc.as_str(self.node)
    }

    /// The scalar; only the kind of lists and maps.
    pub(crate) fn scalar(self) -> Scalar<'d> {
        self.doc.scalar(self.node)
    }

    /// The tree, as if it stood in a policy.
    pub(crate) fn tree(self) -> Tree {
        Tree::of(self.doc, self.node)
    }

    /// The value as JSON that reads back as the same: members in their order, and a float64 always shown as one.
    pub(crate) fn json(self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(self, out: &mut String) {
        match self.scalar() {
            Scalar::Null => out.push_str("null"),
            Scalar::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Scalar::Int(value) => out.push_str(&value.to_string()),
            Scalar::Float(value) => out.push_str(&format!("{value:?}")),
            Scalar::Str(text) => out.push_str(&quoted(text)),
            Scalar::List => {
                out.push('[');
                self.separated(out, |item, out| item.write(out));
                out.push(']');
            }
            Scalar::Map => {
                out.push('{');
                self.separated(out, |member, out| {
                    let key = member.doc.key(member.node).map_or("", |key| member.doc.key_text(key));
                    out.push_str(&quoted(key));
                    out.push(':');
                    member.write(out);
                });
                out.push('}');
            }
        }
    }

    fn separated(self, out: &mut String, each: impl Fn(Datum<'d>, &mut String)) {
        for (index, item) in self.items().enumerate() {
            if index > 0 {
                out.push(',');
            }
            each(item, out);
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
