//! What a run waits for, and the answers: roots of the context, texts and patterns that are made at run time, and
//! questions to the host.

use super::dynamic::{Form, Made};
use super::host::{ApiCall, Question, Service};
use super::images;
use super::message::Words;
use super::request::Operation;
use super::run::{OBJECT, Run};
use super::set::CheckKind;
use crate::lower::pattern::scalar_pattern;
use crate::lower::reference::clean;
use kyvc_vm::ids::Pc;
use kyvc_vm::machine::{Ending, Input, Machine, View};
use kyvc_vm::program::Program;
use kyvc_vm::value::Val;
use kyvc_vm::verdict::{Ask, Need, Outcome, Root, Step, Trap, TrapKind};
use serde_json::json;
use std::collections::BTreeMap;

/// How deep texts may bring forth texts.
const DEPTH: usize = 8;
/// What making a program costs a run: far more than most instructions do.
pub(super) const MAKING: u64 = 5_000;

/// What ends an answer early.
pub(super) enum Broken {
    /// The policy's own failure, in words
    Failed(String),
    /// A limit
    Trap(TrapKind),
}

impl From<TrapKind> for Broken {
    fn from(kind: TrapKind) -> Self {
        Self::Trap(kind)
    }
}

impl From<String> for Broken {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}

impl From<Trap> for Broken {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap.kind)
    }
}

pub(super) type Answered<T> = Result<T, Broken>;

impl<'e, 'r: 'e> Run<'e, 'r> {
    /// Goes on with a run until it ends, answering what it waits for.
    pub(super) fn answer(&mut self, mut need: Need) -> Result<Outcome, Trap> {
        loop {
            let trap = |kind| Trap { kind, pc: Pc::from_number(0) };
            self.one(need, 0).map_err(trap)?;
            let documents = self.documents();
            let input = self.input(&documents);
            match self.machine.resume(self.program(), &input)? {
                Step::Done(outcome) => return Ok(outcome),
                Step::Need(next) => need = next,
            }
        }
    }

    /// Answers one need of the rule's own run.
    fn one(&mut self, need: Need, depth: usize) -> Result<(), TrapKind> {
        match need {
            Need::Root(root) => {
                let value = self.root(root)?;
                self.machine.set_root_for_run(root, value);
                Ok(())
            }
            Need::Pattern(value) => {
                let text = self.text_of(value);
                self.machine.set_pattern(&text, scalar_pattern(&text));
                Ok(())
            }
            Need::Match { pattern, value } => {
                let (ending, path, text) = match self.matched(pattern, value, depth) {
                    Ok(found) => found,
                    Err(Broken::Failed(text)) => (Ending::Undecided, String::new(), text),
                    Err(Broken::Trap(kind)) => return Err(kind),
                };
                self.machine.set_ending(ending, &path, &text)
            }
            _ => match self.value(need, depth) {
                Ok(value) => self.machine.set_answer(Ok(value)),
                Err(Broken::Failed(text)) => self.machine.set_answer(Err(&text)),
                Err(Broken::Trap(kind)) => Err(kind),
            },
        }
    }

    /// The value that answers a need, in the memory of the rule's machine.
    fn value(&mut self, need: Need, depth: usize) -> Answered<Val> {
        match need {
            Need::Text { text, path } => {
                let (text, path) = (self.text_of(text), self.text_of(path));
                self.template(&text, &path, depth)
            }
            Need::Tree { value, path } => {
                let path = self.text_of(path);
                self.tree(value, &path, depth)
            }
            Need::Query { text, value } => {
                let text = self.text_of(text);
                let form = if value.is_some() { Form::QueryOfInput } else { Form::Query };
                self.made(form, &text, "", value, depth)
            }
            Need::Ask(ask, question) => {
                let question = self.question(ask, question)?;
                let json = self.around.host.ask(&question).map_err(|why| refused(&question, why))?;
                let value = self.machine.import_json(&json, false);
                value.ok_or_else(|| Broken::Failed("the answer is no JSON".to_owned()))
            }
            Need::Patch(step) => self.patch(step),
            Need::Tell(value) => {
                self.hear(value);
                Ok(Val::Null)
            }
            Need::Root(_) | Need::Pattern(_) | Need::Match { .. } => Err(TrapKind::Code.into()),
        }
    }

    /// A text with its variables evaluated.
    pub(super) fn template(&mut self, text: &str, path: &str, depth: usize) -> Answered<Val> {
        self.made(Form::Template, text, path, None, depth)
    }

    /// A list or map with the variables in its keys and texts evaluated.
    fn tree(&mut self, value: Val, path: &str, depth: usize) -> Answered<Val> {
        let documents = self.documents();
        let input = self.input(&documents);
        match self.machine.view(self.program(), &input, value) {
            View::Str(s) if s.contains("{{") => {
                let text = s.to_owned();
                self.template(&text, path, depth + 1)
            }
            View::List => {
                let mut items = self.machine.elements(&documents, value);
                for (i, item) in items.iter_mut().enumerate() {
                    *item = self.tree(*item, &format!("{path}/{i}"), depth)?;
                }
                Ok(self.machine.list(items)?)
            }
            View::Map => {
                let entries = self.machine.entries(&documents, value).into_iter();
                let mut members: Vec<(String, Val)> = entries.map(|(k, v)| (k.to_owned(), v)).collect();
                for (key, member) in &mut members {
                    *member = self.tree(*member, &format!("{path}/{}", key.replace('/', "\\/")), depth)?;
                    if key.contains("{{") {
                        let made = self.template(&key.clone(), path, depth + 1)?;
                        *key = match self.machine.view(self.program(), &input, made) {
                            View::Str(s) => s.to_owned(),
                            _ => {
                                let text = format!("expected string after substituting variables in key \"{key}\"");
                                return Err(Broken::Failed(text));
                            }
                        };
                    }
                }
                Ok(self.machine.map(members)?)
            }
            _ => Ok(value),
        }
    }

    /// The value of a program that is made from a text now. Its roots and names are those of the rule's run.
    fn made(&mut self, form: Form, text: &str, path: &str, on: Option<Val>, depth: usize) -> Answered<Val> {
        if depth >= DEPTH {
            return Err(Broken::Failed("variables are nested too deeply".to_owned()));
        }
        self.machine.charge(MAKING + text.len() as u64)?;
        let made = self.cache.get(form, text, path)?;
        self.load(|name| made.mentions(name), depth)?;
        let mut nested = self.nested(&made.program, on)?;
        let Outcome::Value(value) = self.beside(&mut nested, &made, depth)? else { return Err(TrapKind::Code.into()) };
        let documents = self.documents();
        let input = self.input(&documents);
        if let View::Fault(id) = nested.view(&made.program, &input, value) {
            let words = Words { machine: &nested, program: &made.program, input: &input, rule: "", deletes: false };
            return Err(Broken::Failed(words.text(id)));
        }
        let value = self.machine.copy(&nested, &made.program, &documents, value)?;
        self.spare.push(nested);
        Ok(value)
    }

    /// Runs a program beside the rule's to its end, on the rule's fuel.
    fn beside(&mut self, nested: &mut Machine, made: &Made, depth: usize) -> Answered<Outcome> {
        let documents = self.documents();
        let input = self.input(&documents);
        let lent = self.machine.lend(nested);
        let mut step = nested.run_after(&made.program, made.unit, &input);
        let outcome = loop {
            match step {
                Ok(Step::Done(outcome)) => break Ok(outcome),
                Ok(Step::Need(need)) => {
                    if let Err(e) = self.inner(nested, &made.program, need, depth + 1) {
                        break Err(e);
                    }
                }
                Err(trap) => break Err(Broken::Trap(trap.kind)),
            }
            step = nested.resume(&made.program, &input);
        };
        self.machine.settle(nested, lent);
        outcome
    }

    /// A machine for a program beside the rule's.
    fn nested(&mut self, program: &Program, on: Option<Val>) -> Answered<Machine> {
        let mut nested = self.spare.pop().unwrap_or_else(|| Machine::new(self.machine.budget()));
        nested.begin();
        nested.set_environment(super::environment::environment());
        let documents = self.documents();
        let names: Vec<(String, Val)> =
            self.machine.bound(self.program()).map(|(name, value)| (name.to_owned(), value)).collect();
        for (name, value) in names {
            let value = nested.copy(self.machine, self.program(), &documents, value)?;
            nested.bind(program, &name, value);
        }
        if let Some(on) = on {
            let value = nested.copy(self.machine, self.program(), &documents, on)?;
            nested.set_root_for_run(Root::Input, Some(value));
        }
        Ok(nested)
    }

    /// Answers a need of a program beside the rule's.
    fn inner(&mut self, nested: &mut Machine, program: &Program, need: Need, depth: usize) -> Answered<()> {
        let documents = self.documents();
        match need {
            Need::Root(root) => {
                let value = match self.root(root)? {
                    Some(Val::Fault(id)) => {
                        let input = self.input(&documents);
                        let words = Words {
                            machine: self.machine,
                            program: self.program(),
                            input: &input,
                            rule: "",
                            deletes: false,
                        };
                        let text = words.text(id);
                        Some(nested.failed(&text)?)
                    }
                    Some(value) => Some(nested.copy(self.machine, self.program(), &documents, value)?),
                    None => None,
                };
                nested.set_root_for_run(root, value);
                Ok(())
            }
            Need::Text { text, path } => {
                let input = self.input(&documents);
                let string = |value| match nested.view(program, &input, value) {
                    View::Str(s) => s.to_owned(),
                    _ => String::new(),
                };
                let (text, path) = (string(text), string(path));
                let answer = self.template(&text, &path, depth);
                self.pass_on(nested, answer)
            }
            Need::Tree { value, path } => {
                let input = self.input(&documents);
                let path = match nested.view(program, &input, path) {
                    View::Str(s) => s.to_owned(),
                    _ => String::new(),
                };
                let value = self.machine.copy(nested, program, &documents, value)?;
                let answer = self.tree(value, &path, depth);
                self.pass_on(nested, answer)
            }
            Need::Pattern(value) => {
                let input = self.input(&documents);
                let text = match nested.view(program, &input, value) {
                    View::Str(s) => s.to_owned(),
                    _ => String::new(),
                };
                nested.set_pattern(&text, scalar_pattern(&text));
                Ok(())
            }
            // Texts and patterns that are made at run time ask for nothing else.
            Need::Query { .. } | Need::Match { .. } | Need::Ask(..) | Need::Patch(_) | Need::Tell(_) => {
                Err(TrapKind::Code.into())
            }
        }
    }

    fn pass_on(&mut self, nested: &mut Machine, answer: Answered<Val>) -> Answered<()> {
        let documents = self.documents();
        match answer {
            Ok(value) => {
                let value = nested.copy(self.machine, self.program(), &documents, value)?;
                nested.set_answer(Ok(value))?;
            }
            Err(Broken::Failed(text)) => nested.set_answer(Err(&text))?,
            Err(trap) => return Err(trap),
        }
        Ok(())
    }

    /// Loads the context entries that are mentioned.
    fn load(&mut self, mentioned: impl Fn(&str) -> bool, depth: usize) -> Answered<()> {
        loop {
            let program = self.program();
            let symbols = program.layout().symbols();
            let named = |id| program.entry(id).map_or("", |e| symbols.name(e.name));
            let Some(entry) = self.machine.waiting().find(|id| mentioned(named(*id))) else { return Ok(()) };
            let documents = self.documents();
            let input = self.input(&documents);
            let mut step = self.machine.load(program, &input, entry)?;
            let outcome = loop {
                match step {
                    Step::Done(outcome) => break outcome,
                    Step::Need(need) => {
                        self.one(need, depth + 1)?;
                        let documents = self.documents();
                        let input = self.input(&documents);
                        step = self.machine.resume(self.program(), &input)?;
                    }
                }
            };
            if let Outcome::Value(value @ Val::Fault(_)) = outcome {
                let documents = self.documents();
                let input = self.input(&documents);
                if let View::Fault(id) = self.machine.view(self.program(), &input, value) {
                    return Err(Broken::Failed(self.words(&input).text(id)));
                }
            }
        }
    }

    /// How a value fares against a pattern that is made from a value now: the ending, the path and the text.
    fn matched(&mut self, pattern: Val, value: Val, depth: usize) -> Answered<(Ending, String, String)> {
        let documents = self.documents();
        let input = self.input(&documents);
        let mut json = String::new();
        self.machine.json(self.program(), &input, pattern, &mut json);
        self.machine.charge(MAKING + json.len() as u64)?;
        let made = self.cache.get(Form::Pattern, &json, "")?;
        let mut nested = self.nested(&made.program, Some(value))?;
        let outcome = self.beside(&mut nested, &made, depth)?;
        let documents = self.documents();
        let input = self.input(&documents);
        let words =
            Words { machine: &nested, program: &made.program, input: &input, rule: &self.info.name, deletes: false };
        let found = match outcome {
            Outcome::Pass(_) => (Ending::Holds, String::new(), String::new()),
            Outcome::Skip(id) => (Ending::Skipped, String::new(), words.text(id)),
            Outcome::Fail(id) => (Ending::Violated, words.path(id), words.text(id)),
            Outcome::Error(id) => (Ending::Undecided, String::new(), words.text(id)),
            Outcome::None | Outcome::Value(_) => return Err(TrapKind::Code.into()),
        };
        self.spare.push(nested);
        Ok(found)
    }

    /// A root of the context, in the memory of the rule's machine.
    fn root(&mut self, root: Root) -> Result<Option<Val>, TrapKind> {
        let json = match root {
            Root::Object => return Ok(self.object()),
            Root::OldObject => return Ok(self.old_object()),
            Root::Request => self.request_text(),
            Root::Account => self.account(),
            Root::Given => self.around.host.given(self.policy_name(), &self.info.name),
            Root::Images => {
                let (doc, rule) = (self.around.images_of, self.info.images.as_deref());
                match images::of(doc, doc.root().unwrap_or(self.around.root), rule) {
                    Ok(json) => json,
                    Err(text) => return self.machine.failed(&text).map(Some),
                }
            }
            Root::Context => return self.context().map(Some),
            Root::Target | Root::Input => None,
        };
        Ok(json.and_then(|text| self.machine.import_json(&text, false)))
    }

    /// All that expressions see now, as one map. Entries that are not loaded are not there.
    fn context(&mut self) -> Result<Val, TrapKind> {
        let mut request = self.members(Root::Request)?;
        let cleanup = self.info.check == CheckKind::Cleanup;
        if !cleanup && self.request.operation != Operation::Delete {
            request.extend(self.machine.root(Root::Object).map(|v| ("object".to_owned(), v)));
        }
        request.extend(self.machine.root(Root::OldObject).map(|v| ("oldObject".to_owned(), v)));
        let mut all = self.members(Root::Given)?;
        all.insert("request".to_owned(), self.machine.map(request.into_iter().collect())?);
        all.extend(self.members(Root::Account)?.into_iter().filter(|(k, _)| k.starts_with("serviceAccountName")));
        let target = if cleanup { Root::Object } else { Root::Target };
        for (name, root) in [("images", Root::Images), ("target", target)] {
            all.extend(self.machine.root(root).map(|v| (name.to_owned(), v)));
        }
        all.extend(self.machine.bound(self.program()).map(|(name, value)| (name.to_owned(), value)));
        self.machine.map(all.into_iter().collect())
    }

    /// The members of a root that is a map.
    fn members(&mut self, root: Root) -> Result<BTreeMap<String, Val>, TrapKind> {
        let Some(value) = self.root(root)? else { return Ok(BTreeMap::new()) };
        let documents = self.documents();
        let entries = self.machine.entries(&documents, value).into_iter();
        Ok(entries.map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The service account that the user is, as far as Kyverno finds one in the user's name, unless somebody else says.
    fn account(&self) -> Option<String> {
        if let Some(given) = self.around.host.given(self.policy_name(), &self.info.name)
            && given.contains("serviceAccountName")
        {
            return Some(given);
        }
        let user = self.request.user?;
        // Kyverno: pkg/engine/context/context.go, AddServiceAccount only counts the characters of the prefix.
        let rest = user.name.get("system:serviceaccount:".len()..).unwrap_or_default();
        let mut parts = rest.split(':');
        let (namespace, name) = (parts.next().unwrap_or_default(), parts.next());
        let namespace = if name.is_some() { namespace } else { "" };
        let account = json!({"serviceAccountName": name.unwrap_or_default(), "serviceAccountNamespace": namespace});
        Some(account.to_string())
    }

    fn text_of(&self, value: Val) -> String {
        let documents = self.documents();
        let input = self.input(&documents);
        self.string(&input, value)
    }

    fn string(&self, input: &Input<'_>, value: Val) -> String {
        match self.machine.view(self.program(), input, value) {
            View::Str(s) => s.to_owned(),
            _ => String::new(),
        }
    }

    /// A question with all its variables evaluated.
    fn question(&self, ask: Ask, value: Val) -> Answered<Question> {
        let documents = self.documents();
        let input = self.input(&documents);
        let member = |of: Val, key: &str| self.machine.member(&documents, of, key).unwrap_or_default();
        let text = |of: Val, key: &str| self.string(&input, member(of, key));
        let json = |of: Val| {
            let mut out = String::new();
            self.machine.json(self.program(), &input, of, &mut out);
            out
        };
        Ok(match ask {
            Ask::ConfigMap => {
                let own = text(value, "policyNamespace");
                let mut namespace = text(value, "namespace");
                if namespace.is_empty() {
                    namespace = if own.is_empty() { "default".to_owned() } else { own.clone() };
                }
                if !own.is_empty() && namespace != own {
                    let entry = text(value, "entry");
                    return Err(Broken::Failed(format!(
                        "context entry {entry}: configMap namespace {namespace:?} is different from policy namespace {own:?}"
                    )));
                }
                Question::ConfigMap { namespace, name: text(value, "name") }
            }
            Ask::ImageData => {
                let reference = member(value, "reference");
                let View::Str(reference) = self.machine.view(self.program(), &input, reference) else {
                    let shown = json(reference);
                    let text = format!("invalid image reference {shown}, image reference must be a string");
                    return Err(Broken::Failed(text));
                };
                let reference = reference.to_owned();
                Question::ImageData { reference, credentials: json(member(value, "credentials")) }
            }
            Ask::GlobalContext => {
                let name = text(value, "name");
                let mut parts = name.split('.');
                let (name, projection) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                Question::GlobalContext { name: name.to_owned(), projection: projection.to_owned() }
            }
            Ask::ApiCall => {
                let (call, own) = (member(value, "call"), text(value, "policyNamespace"));
                let url_path = text(call, "urlPath");
                if !own.is_empty() {
                    in_namespace(&url_path, &own)?;
                }
                let pairs = |of: Val| -> Vec<(String, Val)> {
                    let items = self.machine.elements(&documents, of).into_iter();
                    items.map(|pair| (text(pair, "key"), member(pair, "value"))).collect()
                };
                // Kyverno sends a map: its keys are in order, and the last of one name counts.
                let data: BTreeMap<String, Val> = pairs(member(call, "data")).into_iter().collect();
                let data: Vec<String> = data
                    .into_iter()
                    .map(|(key, value)| format!("{}:{}", serde_json::Value::from(key), json(value)))
                    .collect();
                let service = member(call, "service");
                let service = matches!(self.machine.view(self.program(), &input, service), View::Map).then(|| {
                    let headers = pairs(member(service, "headers"));
                    Service {
                        url: text(service, "url"),
                        headers: headers.into_iter().map(|(k, v)| (k, self.string(&input, v))).collect(),
                        ca_bundle: text(service, "caBundle"),
                    }
                });
                Question::ApiCall(ApiCall {
                    entry: text(call, "entry"),
                    url_path,
                    method: text(call, "method"),
                    data: format!("{{{}}}", data.join(",")),
                    service,
                })
            }
        })
    }

    fn object(&self) -> Option<Val> {
        Some(Val::Node(OBJECT, self.around.root))
    }
}

/// Kyverno: pkg/engine/apicall/apiCall.go, a namespaced policy asks only about its own namespace.
fn in_namespace(path: &str, own: &str) -> Answered<()> {
    let path = clean(path);
    let rest = path.strip_prefix("/apis/").or_else(|| path.strip_prefix("/api/"));
    // The first namespace that a path names.
    let named = rest.and_then(|r| {
        let at = format!("/{r}");
        let from = at.find("/namespaces/")? + "/namespaces/".len();
        at.get(from..).and_then(|r| r.split('/').next()).filter(|n| !n.is_empty()).map(str::to_owned)
    });
    match named {
        Some(ns) if ns == own => Ok(()),
        Some(ns) => Err(Broken::Failed(format!(
            "path {path} refers to namespace {ns}, which is different from the policy namespace {own}"
        ))),
        None => Err(Broken::Failed(format!(
            "path {path} does not contain a namespace segment, which is required for namespaced policies"
        ))),
    }
}

/// Kyverno's words around a refusal.
fn refused(question: &Question, why: String) -> String {
    match question {
        Question::ConfigMap { namespace, name } => format!("failed to get configmap {namespace}/{name} : {why}"),
        Question::ImageData { reference, .. } => {
            format!("failed to fetch image descriptor: {reference}, error: {why}")
        }
        Question::ApiCall(call) if !call.url_path.is_empty() => {
            format!("failed to {} resource with raw url: {}: {why}", call.method, call.url_path)
        }
        Question::ApiCall(_) | Question::GlobalContext { .. } => why,
    }
}
