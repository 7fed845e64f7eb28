//! `<<`: the members of other maps in the open one.

use super::fault::Fault;
use super::reader::Reader;
use crate::diag::Code;
use kyvc_vm::document::{Kind, NodeId};

/// Under this key a merged value stands until its members are copied; no text has it.
const MERGED: &str = "\u{0}kyvc merge\u{0}";
/// How many values `<<` may copy beyond what the alias rule allows; inline maps in each other would grow quadratically.
const MERGE_LIMIT: u64 = 1_000_000;

impl Reader<'_> {
    pub(super) fn begin_merge(&mut self) -> Result<(), Fault> {
        self.b.key(MERGED, self.value_place()).map_err(|e| self.limit(&e))?;
        self.key_at = Some(self.at);
        if let Some(top) = self.frames.last_mut() {
            top.key_next = false;
            top.merge = true;
        }
        Ok(())
    }

    /// Copies the members of a map, or of a list of maps, into the open map. As in yaml.v2 the order of the text counts:
    /// a key before `<<` is overridden by the merge, one after it overrides. In a list the earlier map wins.
    pub(super) fn merge(&mut self, node: NodeId) -> Result<(), Fault> {
        let doc = self.b.document();
        let mut maps: Vec<NodeId> = match doc.kind(node) {
            Kind::List => doc.children(node).collect(),
            _ => vec![node],
        };
        maps.reverse();
        if maps.iter().any(|m| doc.kind(*m) != Kind::Map) {
            let fault = self.fault(Code::BadMerge, "`<<` requires a map or a list of maps as its value");
            return Err(fault.says("yaml: map merge requires map or sequence of maps as the value"));
        }
        let members = maps.iter().flat_map(|m| doc.entries(*m));
        let members: Vec<(String, NodeId)> = members.map(|(k, n)| (doc.key_text(k).to_owned(), n)).collect();
        let place = self.value_place();
        // Setting the key again hides the value that stood under it; it is still there to copy from.
        self.b.key(MERGED, place).map_err(|e| self.limit(&e))?;
        for (key, from) in members {
            let again = self.b.key(&key, place).map_err(|e| self.limit(&e))?;
            if again && self.keys.is_some() {
                return Err(Fault::duplicate(self.chunk, &key, self.at));
            }
            let before = self.b.document().node_count();
            self.b.copy(from, place).map_err(|e| self.limit(&e))?;
            self.merged += (self.b.document().node_count() - before) as u64;
            if self.merged > MERGE_LIMIT {
                return Err(self.fault(Code::ExcessiveAliasing, "the document merges too many values"));
            }
        }
        Ok(())
    }
}
