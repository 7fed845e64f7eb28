//! JMESPath to expressions, with the meaning that Kyverno's fork gives it: a map that lacks a key is an error, which
//! most constructs around it forgive.

use super::scope::{Scope, mentions};
use crate::diag::Code;
use crate::ir::{CallBy, Each, Expr, Reference};
use bumpalo::Bump;
use kyvc_grammar::jmespath::{self, Callee, Comparator, ExprKind, Literal, SyntaxError};
use kyvc_vm::builtin::{self, Type};
use kyvc_vm::document::{Buffers, Document, JsonOptions, Layout, NodeId, Place, read_json};
use kyvc_vm::program::Comparison;
use kyvc_vm::scalar::Scalar;
use kyvc_vm::verdict::Root;

/// What an expression starts from.
#[derive(Clone, Copy, Debug)]
pub enum Start<'s> {
    /// The context of a rule, whose members are roots and names
    Context(&'s Scope<'s>),
    /// One value
    Value(Root),
    /// The value that an expression around binds
    Bound,
}

/// Lowers the text of an expression of the context. What cannot be lowered is a problem at its place, and gives `null`.
pub fn lower(text: &str, place: Place, scope: &Scope<'_>) -> Expr {
    checked(text, place, Start::Context(scope), scope)
}

/// Lowers the text of an expression that is no variable. In variables Kyverno reads `request.object` as the old object
/// where a request deletes; elsewhere there is none then.
///
/// Kyverno: pkg/engine/variables/vars.go, substituteVariablesIfAny
pub fn lower_bare(text: &str, place: Place, scope: &Scope<'_>) -> Expr {
    let (needed, e) = match lower(text, place, scope) {
        Expr::Need(entries, e) => (entries, *e),
        e => (Vec::new(), e),
    };
    let (mut objects, known) = (0, |name: &str| scope.knows(name));
    e.walk(&mut |e| objects += usize::from(matches!(e, Expr::Root(Root::Object))));
    if objects == 0 || scope.is_cleanup() {
        return need(needed, e);
    }
    match parse_with(text, Start::Context(scope), &known, true) {
        Ok(Ok(deleted)) => need(needed, Expr::WhenDeleted(Box::new(after_images(text, deleted)), Box::new(e))),
        _ => need(needed, e),
    }
}

/// Lowers the text of a loop's list. Kyverno compiles it where it evaluates it, so that one that is not valid fails there.
///
/// Kyverno: pkg/engine/context/evaluate.go, Query
pub fn lower_list(text: &str, place: Place, scope: &Scope<'_>) -> Expr {
    let Err(e) = parse(text, Start::Context(scope), &|name| scope.knows(name)) else {
        return Expr::Queried(Box::new(lower_bare(text, place, scope)));
    };
    let place = Place { column: place.column + u32::try_from(e.offset).unwrap_or(0), ..place };
    let message = format!("`{text}` is no JMESPath expression: {e}");
    scope.problems.add_with(Code::FailingList, place, message, None);
    need(scope.mentioned(text), Expr::Fail(format!("incorrect query {}: {e}", text.trim())))
}

/// What is wrong with a text that is no expression, in Kyverno's words.
pub fn complaint(text: &str) -> Option<String> {
    let error = jmespath::parse(&Bump::new(), text).err()?;
    Some(format!("incorrect query {}: {error}", text.trim()))
}

/// Lowers the text of an expression of the value that is bound around it.
pub fn lower_bound(text: &str, place: Place, scope: &Scope<'_>) -> Expr {
    checked(text, place, Start::Bound, scope)
}

fn checked(text: &str, place: Place, start: Start<'_>, scope: &Scope<'_>) -> Expr {
    let failed = |code, at: usize, message: String, help: Option<&str>| {
        let place = Place { column: place.column + u32::try_from(at).unwrap_or(0), ..place };
        scope.problems.add_with(code, place, message, help.map(str::to_owned));
        Expr::Null
    };
    let known = |name: &str| scope.knows(name);
    match parse(text, start, &known) {
        Ok(Ok(e)) => match start {
            Start::Context(_) => need(scope.mentioned(text), after_images(text, e)),
            _ => e,
        },
        Ok(Err(Unknown(name))) => {
            let message = format!("`{text}` names `{name}`, which nothing binds here");
            let help = "bind it with a context entry before it is used";
            failed(Code::UnknownVariable, 0, message, Some(help))
        }
        Err(e) => failed(Code::BadExpression, e.offset, format!("`{text}` is no JMESPath expression: {e}"), None),
    }
}

fn need(entries: Vec<usize>, e: Expr) -> Expr {
    if entries.is_empty() { e } else { Expr::Need(entries, Box::new(e)) }
}

/// An expression that mentions the images, evaluated once these are known: where one cannot be parsed, nothing around it
/// forgives that.
fn after_images(text: &str, e: Expr) -> Expr {
    let mut first = &e;
    while let Expr::Key(of, _) = first {
        first = of;
    }
    if matches!(first, Expr::Root(Root::Images)) || !mentions(text, Root::Images.name()) {
        return e;
    }
    Expr::Let(Box::new(forgive(Expr::Root(Root::Images))), Box::new(e))
}

/// An expression names something of the context that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

/// Parses and lowers an expression. `known` says which names of the context are bound.
pub fn parse(text: &str, start: Start<'_>, known: &dyn Fn(&str) -> bool) -> Result<Result<Expr, Unknown>, SyntaxError> {
    parse_with(text, start, known, false)
}

fn parse_with(
    text: &str,
    start: Start<'_>,
    known: &dyn Fn(&str) -> bool,
    deleted: bool,
) -> Result<Result<Expr, Unknown>, SyntaxError> {
    let bump = Bump::new();
    let tree = jmespath::parse(&bump, text)?;
    let current = match start {
        Start::Context(_) => Current::Context,
        Start::Value(root) => Current::Root(root),
        Start::Bound => Current::Bound,
    };
    let cleanup = matches!(start, Start::Context(scope) if scope.is_cleanup());
    let unread = |name: &str| matches!(start, Start::Context(scope) if scope.is_unread(name));
    Ok(Lower { unknown: None, known, unread: &unread, cleanup, deleted }.top(tree, current))
}

/// What `@` is.
#[derive(Clone, Copy, PartialEq)]
enum Current {
    /// The context as a whole
    Context,
    /// A root
    Root(Root),
    /// What a `Let` or loop binds
    Bound,
}

struct Lower<'k> {
    unknown: Option<String>,
    known: &'k dyn Fn(&str) -> bool,
    /// Whether the numbers of what a name is bound to may be none of JSON
    unread: &'k dyn Fn(&str) -> bool,
    /// Whether the object is `target`, and not part of `request`
    cleanup: bool,
    /// Whether there is no object
    deleted: bool,
}

type Tree<'t> = jmespath::Expr<'t>;

impl Lower<'_> {
    fn top(mut self, tree: &Tree<'_>, current: Current) -> Result<Expr, Unknown> {
        let e = self.expr(tree, current);
        match self.unknown {
            Some(name) => Err(Unknown(name)),
            None => Ok(e),
        }
    }

    fn current(&self, current: Current) -> Expr {
        match current {
            Current::Context => Expr::Root(Root::Context),
            Current::Root(root) => Expr::Root(root),
            Current::Bound => Expr::Current,
        }
    }

    fn expr(&mut self, e: &Tree<'_>, current: Current) -> Expr {
        match e.kind {
            ExprKind::Identity | ExprKind::Current => self.current(current),
            ExprKind::Field(name) if current == Current::Context => self.root(name),
            ExprKind::Field(name) => key(self.current(current), name),
            ExprKind::Literal(Literal::Raw(s)) => Expr::Str(s.to_owned()),
            ExprKind::Literal(Literal::Json(text)) => literal(text),
            ExprKind::Index { left, index } => {
                let index = i32::try_from(index).unwrap_or(if index < 0 { i32::MIN } else { i32::MAX });
                within_floats(self.expr(left, current), |of| Expr::Index(of, index))
            }
            ExprKind::Slice { left, slice } => {
                let bounds = [slice.start, slice.stop, slice.step];
                Expr::Slice(Box::new(self.expr(left, current)), bounds)
            }
            ExprKind::Flatten(left) => Expr::Flatten(Box::new(Expr::ForgiveAll(Box::new(self.expr(left, current))))),
            ExprKind::Subexpression { left, right } => self.sub(left, right, current),
            ExprKind::ListProjection { left, right } => {
                let list = forgive(self.expr(left, current));
                self.each(list, None, right)
            }
            ExprKind::ValueProjection { left, right } => {
                let list = Expr::Values(Box::new(Expr::ForgiveAll(Box::new(self.expr(left, current)))));
                self.each(list, None, right)
            }
            ExprKind::FilterProjection { left, condition, right } => {
                let list = Expr::ForgiveAll(Box::new(self.expr(left, current)));
                self.each(list, Some(condition), right)
            }
            ExprKind::Pipe(left, right) => {
                let value = forgive(self.expr(left, current));
                forgive(self.bind(value, right))
            }
            ExprKind::Or(left, right) => {
                let (a, b) = (forgive(self.expr(left, current)), forgive(self.expr(right, current)));
                Expr::Or(Box::new(a), Box::new(b))
            }
            ExprKind::And(left, right) => {
                let a = forgive(self.expr(left, current));
                Expr::And(Box::new(a), Box::new(self.expr(right, current)))
            }
            ExprKind::Not(of) => Expr::Not(Box::new(forgive(self.expr(of, current)))),
            ExprKind::Comparator { op, left, right } => {
                let (a, b) = (forgive(self.expr(left, current)), forgive(self.expr(right, current)));
                Expr::Compare(comparison(op), Box::new(a), Box::new(b))
            }
            ExprKind::MultiSelectList(items) => {
                let list = Expr::List(items.iter().map(|i| forgive(self.expr(i, current))).collect());
                self.unless_null(list, current)
            }
            ExprKind::MultiSelectHash(pairs) => {
                let members = pairs.iter().map(|p| (p.key.to_owned(), forgive(self.expr(p.value, current))));
                let map = Expr::Map(members.collect());
                self.unless_null(map, current)
            }
            ExprKind::FunctionCall { name: Callee::Name(name), args } => self.call(name, args, current),
            ExprKind::FunctionCall { name: Callee::Nameless(_), .. } => {
                Expr::Fail("invalid node value type".to_owned())
            }
            ExprKind::Empty => Expr::Fail("Unknown AST node: ASTEmpty".to_owned()),
            ExprKind::Reference(of) => {
                let body = self.expr(of, Current::Bound);
                reference(of, Some(body))
            }
        }
    }

    /// A selection of many is `null` where there is nothing to select from. The context is always something.
    fn unless_null(&mut self, e: Expr, current: Current) -> Expr {
        match current {
            Current::Context => e,
            Current::Bound => Expr::UnlessNull(Box::new(e)),
            Current::Root(root) => Expr::Let(Box::new(Expr::Root(root)), Box::new(Expr::UnlessNull(Box::new(e)))),
        }
    }

    fn root(&mut self, name: &str) -> Expr {
        match name {
            "target" if self.cleanup => Expr::Root(Root::Object),
            "request" if self.cleanup => Expr::Root(Root::Request),
            // The objects are in it.
            "request" => Expr::Key(Box::new(Expr::Root(Root::Context)), name.to_owned()),
            "serviceAccountName" | "serviceAccountNamespace" if !self.cleanup => {
                Expr::Key(Box::new(Expr::Root(Root::Account)), name.to_owned())
            }
            "images" => Expr::Root(Root::Images),
            "target" => Expr::Root(Root::Target),
            _ => {
                if !(self.known)(name) {
                    self.unknown.get_or_insert_with(|| name.to_owned());
                }
                let bound = Expr::Name(name.to_owned());
                if (self.unread)(name) { Expr::Floats(Box::new(bound)) } else { bound }
            }
        }
    }

    fn sub(&mut self, left: &Tree<'_>, right: &Tree<'_>, current: Current) -> Expr {
        if let (Current::Context, ExprKind::Current, ExprKind::Field(name)) = (current, left.kind, right.kind) {
            return self.root(name);
        }
        match (is_request(left, current), right.kind) {
            (true, ExprKind::Field("object")) if !self.cleanup && !self.deleted => Expr::Root(Root::Object),
            (true, ExprKind::Field("oldObject")) if !self.cleanup => Expr::Root(Root::OldObject),
            (true, ExprKind::Field(name)) => Expr::Key(Box::new(Expr::Root(Root::Request)), name.to_owned()),
            (false, ExprKind::Field(name)) => key(self.expr(left, current), name),
            _ => {
                let value = self.expr(left, current);
                self.bind(value, right)
            }
        }
    }

    /// An expression whose `@` is a value.
    fn bind(&mut self, value: Expr, body: &Tree<'_>) -> Expr {
        match body.kind {
            ExprKind::Identity | ExprKind::Current => value,
            _ => Expr::Let(Box::new(value), Box::new(self.expr(body, Current::Bound))),
        }
    }

    fn each(&mut self, list: Expr, condition: Option<&Tree<'_>>, body: &Tree<'_>) -> Expr {
        let condition = condition.map(|c| forgive(self.expr(c, Current::Bound)));
        let body = forgive(self.expr(body, Current::Bound));
        Expr::Each(Box::new(Each { list, condition, body }))
    }

    fn call(&mut self, name: &str, args: &[&Tree<'_>], current: Current) -> Expr {
        let function = builtin::lookup(name).and_then(|n| builtin::table().get(n as usize));
        let takes = |t| function.and_then(|f| f.args.iter().position(|types| *types == [t]));
        let by = takes(Type::Expref).zip(takes(Type::Array)).filter(|_| args.len() == 2);
        let mut body = None;
        let mut lowered = Vec::with_capacity(args.len());
        for (i, arg) in args.iter().enumerate() {
            lowered.push(match (arg.kind, by) {
                // It is evaluated where it stands; what fails for an element is for the function to judge.
                (ExprKind::Reference(of), Some((at, _))) if at == i => {
                    body = Some(self.expr(of, Current::Bound));
                    reference(of, None)
                }
                _ => forgive(self.expr(arg, current)),
            });
        }
        match by {
            Some((_, list)) => Expr::CallBy(Box::new(CallBy { name: name.to_owned(), args: lowered, list, body })),
            None => Expr::Call(name.to_owned(), lowered),
        }
    }
}

/// Whether an expression is `request`.
fn is_request(e: &Tree<'_>, current: Current) -> bool {
    let name = match e.kind {
        ExprKind::Subexpression { left, right } if matches!(left.kind, ExprKind::Current) => right.kind,
        kind => kind,
    };
    current == Current::Context && matches!(name, ExprKind::Field("request"))
}

fn reference(of: &Tree<'_>, body: Option<Expr>) -> Expr {
    Expr::Reference(Box::new(Reference { shown: of.shown().to_string(), tree: of.tree().to_string(), body }))
}

fn key(of: Expr, name: &str) -> Expr {
    within_floats(of, |of| Expr::Key(of, name.to_owned()))
}

/// A part of a value. Where the numbers of that are to be made numbers of JSON, only those of the part are.
fn within_floats(value: Expr, part: impl Fn(Box<Expr>) -> Expr) -> Expr {
    match value {
        Expr::Floats(of) => Expr::Floats(Box::new(part(of))),
        value => part(Box::new(value)),
    }
}

fn forgive(e: Expr) -> Expr {
    match e {
        Expr::Floats(of) => Expr::Floats(Box::new(forgive(*of))),
        // These are never an unknown key.
        Expr::Null | Expr::Bool(_) | Expr::Float(_) | Expr::Str(_) | Expr::Forgive(_) | Expr::ForgiveAll(_) => e,
        e => Expr::Forgive(Box::new(e)),
    }
}

fn comparison(op: Comparator) -> Comparison {
    match op {
        Comparator::Equal => Comparison::Equal,
        Comparator::NotEqual => Comparison::NotEqual,
        Comparator::Less => Comparison::Less,
        Comparator::LessEqual => Comparison::LessOrEqual,
        Comparator::More => Comparison::Greater,
        Comparator::MoreEqual => Comparison::GreaterOrEqual,
    }
}

/// A JSON literal; all of its numbers are float64.
fn literal(text: &str) -> Expr {
    let layout = Layout::everything();
    let options = JsonOptions { floats: true, ..JsonOptions::default() };
    let doc = read_json(text, &layout, Buffers::default(), options);
    // The grammar has checked the text with Go's rules, which are ours.
    doc.ok().and_then(|d| d.root().map(|r| constant(&d, r))).unwrap_or(Expr::Null)
}

fn constant(doc: &Document<'_>, node: NodeId) -> Expr {
    match doc.scalar(node) {
        Scalar::Null => Expr::Null,
        Scalar::Bool(b) => Expr::Bool(b),
        Scalar::Int(n) => Expr::Float(n as f64),
        Scalar::Float(n) => Expr::Float(n),
        Scalar::Str(s) => Expr::Str(s.to_owned()),
        Scalar::List => Expr::List(doc.children(node).map(|n| constant(doc, n)).collect()),
        Scalar::Map => {
            Expr::Map(doc.entries(node).map(|(k, n)| (doc.key_text(k).to_owned(), constant(doc, n))).collect())
        }
    }
}
