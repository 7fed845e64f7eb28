//! A value as Go's `%#v` prints what yaml.v2 makes of it.

use kyvc_grammar::jmespath::go_string;
use kyvc_vm::document::{Document, NodeId};
use kyvc_vm::scalar::{Scalar, number};

/// The text of a value. Keys that were no strings are shown as strings: the document has their text only.
pub(super) fn go_syntax(doc: &Document<'_>, node: NodeId) -> String {
    match doc.scalar(node) {
        Scalar::Null => "interface {}(nil)".to_owned(),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Int(n) => n.to_string(),
        Scalar::Float(n) => doc.uint(node).map_or_else(|| number::text_v(n).to_string(), |n| format!("{n:#x}")),
        Scalar::Str(s) => go_string(s),
        Scalar::List => {
            let elements: Vec<String> = doc.children(node).map(|n| go_syntax(doc, n)).collect();
            format!("[]interface {{}}{{{}}}", elements.join(", "))
        }
        Scalar::Map => {
            let mut members: Vec<(&str, NodeId)> = doc.entries(node).map(|(k, n)| (doc.key_text(k), n)).collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            let members: Vec<String> =
                members.into_iter().map(|(key, n)| format!("{}:{}", go_string(key), go_syntax(doc, n))).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", members.join(", "))
        }
    }
}
