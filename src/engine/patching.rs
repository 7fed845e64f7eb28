//! Patches of the object that a rule changes.

use super::answer::{Answered, Broken, MAKING};
use super::dynamic::{Cache, Form};
use super::run::{Run, version};
use super::versions::Changing;
use crate::diag::Source;
use crate::lower::pattern::scalar_pattern;
use crate::yaml;
use kyvc_vm::document::{Buffers, Builder, Document, JsonOptions, Layout, Limits, NodeId, go_json, read_json};
use kyvc_vm::machine::{Input, Machine, View};
use kyvc_vm::patch::json6902::{self, OperationError, Written};
use kyvc_vm::patch::strategic::{self, Conditions, Operand};
use kyvc_vm::patch::{PatchError, Space};
use kyvc_vm::scalar::Scalar;
use kyvc_vm::selector::ResourceKind;
use kyvc_vm::value::{DocId, Val};
use kyvc_vm::verdict::{Need, Outcome, Patch, Root, Step, TrapKind};
use std::sync::LazyLock;

/// The layout of overlays and operations.
static EVERYTHING: LazyLock<Layout> = LazyLock::new(Layout::everything);

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// Answers a step in the change of the object.
    pub(super) fn patch(&mut self, step: Patch) -> Answered<Val> {
        let given = match step {
            Patch::Apply { patch, operations, constant } => self.given(patch, operations || constant),
            Patch::Begin | Patch::End => Given::Text(String::new()),
        };
        let mut change = self.change.take().ok_or(TrapKind::Code)?;
        let done = self.change_by(&mut change, step, &given);
        self.change = Some(change);
        if let Given::Overlay(overlay) = given {
            self.cache.patch = overlay.recycle();
        }
        done.map(Val::Bool)
    }

    /// A patch as it is applied.
    fn given(&mut self, patch: Val, as_text: bool) -> Given {
        if !as_text {
            let documents = self.documents();
            let input = self.input(&documents);
            if let View::Map = self.machine.view(self.program(), &input, patch) {
                let layout: &'static Layout = &EVERYTHING;
                let memory = std::mem::take(&mut self.cache.patch);
                if let Some(overlay) = self.machine.document(self.program(), &input, patch, layout, memory) {
                    return Given::Overlay(overlay);
                }
            }
        }
        Given::Text(self.patch_text(patch))
    }

    /// A text as it is, any other value as JSON.
    fn patch_text(&self, patch: Val) -> String {
        let documents = self.documents();
        let input = self.input(&documents);
        match self.machine.view(self.program(), &input, patch) {
            View::Str(s) => s.to_owned(),
            _ => {
                let mut out = String::new();
                self.machine.json(self.program(), &input, patch, &mut out);
                out
            }
        }
    }

    fn change_by(&mut self, change: &mut Changing<'r>, step: Patch, given: &Given) -> Answered<bool> {
        match step {
            Patch::Begin => {
                change.begin()?;
                Ok(false)
            }
            Patch::End => {
                let Some(doc) = change.end()? else { return Ok(false) };
                let number = version(change.see(doc))?;
                self.machine.set_root_for_run(Root::Object, doc.root().map(|node| Val::Node(number, node)));
                Ok(true)
            }
            Patch::Apply { operations, constant, .. } => {
                let size = given.size() + change.now().bytes();
                self.machine.charge(MAKING + size as u64 / 8)?;
                let mut made = self.apply(change, given, operations, constant);
                if matches!(made, Err(PatchError::Unread)) {
                    change.read_whole()?;
                    made = self.apply(change, given, operations, constant);
                }
                match made {
                    Ok(Some(doc)) => {
                        object(&doc).map_err(Broken::Failed)?;
                        change.renew(doc, !operations);
                        Ok(true)
                    }
                    Ok(None) => Ok(false),
                    Err(error) => Err(Broken::Failed(format!("failed to patch resource: {error}"))),
                }
            }
        }
    }

    fn apply(
        &mut self,
        change: &mut Changing<'r>,
        given: &Given,
        operations: bool,
        constant: bool,
    ) -> Result<Option<Document<'r>>, PatchError> {
        let space = Space { buffers: change.space(), ..Space::default() };
        match given {
            Given::Text(text) if operations => self.operate(change.now(), text, constant, space),
            Given::Text(text) => self.merge(change.now(), text, constant, space),
            Given::Overlay(overlay) => self.merge_read(change.now(), overlay, space),
        }
    }

    fn merge(
        &mut self,
        now: &Document<'r>,
        overlay: &str,
        constant: bool,
        space: Space,
    ) -> Result<Option<Document<'r>>, PatchError> {
        if let Some(overlay) = self.cache.overlay(overlay).filter(|_| constant) {
            return self.merge_read(now, &overlay, space);
        }
        let memory = std::mem::take(&mut self.cache.patch);
        let read = read_json(overlay, &EVERYTHING, memory, JsonOptions::default());
        let read = read.map_err(|_| OperationError::Unreadable)?;
        if constant {
            let layout: &'static Layout = &EVERYTHING;
            let mut own = Builder::new("", layout, Buffers::default(), Limits::default());
            read.root().map_or(Ok(()), |root| own.graft(&read, root))?;
            self.cache.keep_overlay(overlay, own.finish());
        }
        let merged = self.merge_read(now, &read, space);
        self.cache.patch = read.recycle();
        merged
    }

    fn merge_read(
        &mut self,
        now: &Document<'r>,
        overlay: &Document<'_>,
        space: Space,
    ) -> Result<Option<Document<'r>>, PatchError> {
        let Some(root) = overlay.root() else { return Ok(None) };
        let mut patterns = Patterns { cache: self.cache, spare: self.spare };
        strategic::merge(now, (overlay, root), &mut patterns, space)
    }

    fn operate(
        &mut self,
        now: &Document<'r>,
        text: &str,
        constant: bool,
        space: Space,
    ) -> Result<Option<Document<'r>>, PatchError> {
        let written = Written::of(text);
        let known = match (written, constant) {
            (Written::Yaml, true) => Some(self.cache.json_of(text, json_of_yaml).map_err(OperationError::Yaml)?),
            _ => None,
        };
        let json = known.as_deref().unwrap_or(text);
        if written == Written::Json || known.is_some() {
            let options = JsonOptions { offsets: true, ..JsonOptions::default() };
            let operations = read_json(json, &EVERYTHING, Buffers::default(), options);
            let operations = operations.map_err(|_| OperationError::Unreadable)?;
            return json6902::apply(now, &operations, written, space);
        }
        let source = Source::new("patchesJson6902", text);
        let operations = yaml::sigs_value(&source, &EVERYTHING).map_err(OperationError::Yaml)?;
        json6902::apply(now, &operations, written, space)
    }
}

/// A patch.
#[expect(clippy::large_enum_variant, reason = "there is one at a time; a box would cost each patch an allocation")]
enum Given {
    /// Operations, or an overlay as JSON
    Text(String),
    /// An overlay
    Overlay(Document<'static>),
}

impl Given {
    fn size(&self) -> usize {
        match self {
            Given::Text(text) => text.len(),
            Given::Overlay(overlay) => overlay.bytes(),
        }
    }
}

/// Whether a patched version still is an object that Kyverno can read.
fn object(doc: &Document<'_>) -> Result<(), String> {
    let kind = doc.root().and_then(|root| doc.get_str(root, "kind")).and_then(|kind| doc.as_str(kind));
    if kind.is_some_and(|kind| !kind.is_empty()) {
        return Ok(());
    }
    let json = doc.root().map_or_else(String::new, |root| go_json(doc, root));
    Err(format!("failed to unmarshal patched resource: Object 'Kind' is missing in '{json}'"))
}

fn json_of_yaml(text: &str) -> Result<String, String> {
    let source = Source::new("patchesJson6902", text);
    let doc = yaml::sigs_value(&source, &EVERYTHING)?;
    Ok(doc.root().map_or_else(|| "null".to_owned(), |root| go_json(&doc, root)))
}

/// The patterns of anchors, compiled when they come up.
struct Patterns<'e> {
    cache: &'e mut Cache,
    spare: &'e mut Vec<Machine>,
}

impl Conditions for Patterns<'_> {
    fn hold(&mut self, pattern: Operand<'_>, value: Operand<'_>) -> Result<bool, String> {
        if let (Operand::Text(pattern), Operand::Text(value)) = (&pattern, &value)
            && let Some(pattern) = self.cache.scalar(pattern)
        {
            return Ok(pattern.matches(Scalar::Str(value)));
        }
        let json = match pattern {
            Operand::Text(text) => serde_json::Value::from(text).to_string(),
            Operand::Tree(doc, node) => go_json(doc, node),
        };
        let made = self.cache.get(Form::FloatPattern, &json, "")?;
        let mut machine = self.spare.pop().unwrap_or_default();
        machine.begin();
        let (documents, value, root): (&[&Document<'_>], _, _) = match &value {
            Operand::Text(text) => (&[], machine.text(text), NodeId::default()),
            Operand::Tree(doc, node) => (std::slice::from_ref(doc), Val::Node(DocId(0), *node), *node),
        };
        machine.set_root_for_run(Root::Input, Some(value));
        let input = Input { documents, kind: ResourceKind::default(), root };
        let mut step = machine.run_after(&made.program, made.unit, &input);
        let outcome = loop {
            match step.map_err(|trap| trap.to_string())? {
                Step::Done(outcome) => break outcome,
                Step::Need(Need::Pattern(value)) => {
                    let text = match machine.view(&made.program, &input, value) {
                        View::Str(s) => s.to_owned(),
                        _ => String::new(),
                    };
                    machine.set_pattern(&text, scalar_pattern(&text));
                }
                Step::Need(_) => return Err(TrapKind::Code.to_string()),
            }
            step = machine.resume(&made.program, &input);
        };
        self.spare.push(machine);
        Ok(matches!(outcome, Outcome::Pass(_)))
    }
}
