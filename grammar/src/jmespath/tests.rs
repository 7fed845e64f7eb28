use super::*;
use std::fmt::Write;

fn printed(text: &str) -> String {
    let bump = Bump::new();
    let expr = parse(&bump, text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    expr.to_string()
}

fn refused(text: &str) -> (String, usize) {
    let bump = Bump::new();
    let error = parse(&bump, text).expect_err(text);
    (error.message, error.offset)
}

/// The expression with every node in parentheses.
fn nested(text: &str) -> String {
    fn write(out: &mut String, expr: &Expr<'_>) {
        match expr.kind {
            ExprKind::Identity => out.push('_'),
            ExprKind::Subexpression { left, right } => pair(out, "", left, ".", right),
            ExprKind::ListProjection { left, right } => pair(out, "", left, "[*]", right),
            ExprKind::ValueProjection { left, right } => pair(out, "", left, ".*", right),
            ExprKind::FilterProjection { left, right, .. } => pair(out, "", left, "[?]", right),
            ExprKind::Or(left, right) => pair(out, "", left, "||", right),
            ExprKind::And(left, right) => pair(out, "", left, "&&", right),
            ExprKind::Pipe(left, right) => pair(out, "", left, "|", right),
            ExprKind::Comparator { op, left, right } => pair(out, "", left, op.text(), right),
            ExprKind::Not(of) => one(out, "!", of, ""),
            ExprKind::Reference(of) => one(out, "&", of, ""),
            ExprKind::Flatten(of) => one(out, "", of, "[]"),
            ExprKind::Index { left, index } => one(out, "", left, &format!("[{index}]")),
            ExprKind::Slice { left, .. } => one(out, "", left, "[:]"),
            _ => write!(out, "{expr}").unwrap(),
        }
    }
    fn pair(out: &mut String, before: &str, left: &Expr<'_>, between: &str, right: &Expr<'_>) {
        one(out, &format!("{before}("), left, between);
        one(out, "", right, ")");
    }
    fn one(out: &mut String, before: &str, of: &Expr<'_>, after: &str) {
        out.push_str(before);
        write(out, of);
        out.push_str(after);
    }
    let bump = Bump::new();
    let mut out = String::new();
    write(&mut out, parse(&bump, text).unwrap());
    out
}

#[test]
fn nesting() {
    for (text, expected) in [
        ("a.b.c", "((a.b).c)"),
        ("a.b[0]", "(a.b[0])"),
        ("a[*].b.c", "(a[*](b.c))"),
        ("a[*].b[*].c", "(a[*](b[*]c))"),
        ("a[].b[].c", "((a[][*]b)[][*]c)"),
        ("a[?x].b[?y].c", "((a[?]b)[?]c)"),
        ("a[*].b[?y].c", "(a[*](b[?]c))"),
        ("a[0:1].b", "(a[:][*]b)"),
        ("a.*.b.c", "((a.*b).c)"),
        ("*.b.c", "(_.*(b.c))"),
        ("a[*].[b].c", "((a[*][b]).c)"),
        ("a[*][b]", "(a[*][b])"),
        ("!a.b", "(!a.b)"),
        ("!a[0]", "!a[0]"),
        ("a == &b || c", "(a==&(b||c))"),
        ("a || b && c == d | e", "((a||(b&&(c==d)))|e)"),
        ("a == b == c", "((a==b)==c)"),
    ] {
        assert_eq!(nested(text), expected, "{text}");
    }
}

#[test]
fn printing() {
    for text in [
        "a.*.b.c",
        "(a || b).c",
        "a[*][b][0]",
        "[(*)]",
        "a.{b: c, \"d e\": [f]}",
        "&(&a)",
        "(a.b)[0]",
        "a[*][?b].c[?d]",
        "(\"f g\")(@)",
        r"'it\'s'",
        "`\"\\`\"`",
        "a[:2][::-1]",
        "(&a) | b",
    ] {
        assert_eq!(printed(text), text);
    }
    assert_eq!(printed("f(a b,)"), "f(a, b)");
    assert_eq!(printed("{a: b c: d}"), "{a: b, c: d}");
    assert_eq!(printed("a[1:2 3:]"), "a[1:3]");
    assert_eq!(printed("'f'(a)(b)"), "f(b)");
}

#[test]
fn errors() {
    for (text, message, offset) in [
        ("", "Incomplete expression", 0),
        ("a b $", "Unknown char: '$'", 4),
        ("\u{e9}", "Unknown char: '\\u00e9'", 0),
        ("a.", "Expected identifier, lbracket, or lbrace", 2),
        ("a[b]", "Expected tStar, received: tUnquotedIdentifier", 2),
        ("a[*", "Expected tRbracket, received: tEOF", 3),
        ("a[0", "Expected tRbracket, received: tEOF", 3),
        ("a[0:x]", "Expected tColon or tNumber, received: tUnquotedIdentifier", 4),
        ("a * b", "Unexpected token: tStar", 4),
        ("a[] * b", "Error", 4),
        ("\"a\"(b)", "Can't have quoted identifier as function Name.", 0),
        ("(a", "Expected tRparen, received: tEOF", 2),
        ("[a", "Expected tComma, received: tEOF", 2),
        ("[0, 1]", "Unexpected token at the end of the expression: tComma", 2),
        ("a.[0]", "Invalid token: tNumber", 3),
        ("{a b}", "Expected tColon, received: tUnquotedIdentifier", 3),
        ("{a: b,}", "Expected tQuotedIdentifier or tUnquotedIdentifier", 6),
        ("f(a,,b)", "Invalid token: tComma", 4),
        ("a 'x'", "Unexpected token at the end of the expression: tStringLiteral", 3),
        ("'x", "Unclosed delimiter: '", 2),
    ] {
        assert_eq!(refused(text), (format!("SyntaxError: {message}"), offset), "{text:?}");
    }
}

#[test]
fn errors_of_go() {
    for (text, message) in [
        ("a[99999999999999999999]", "strconv.Atoi: parsing \"99999999999999999999\": value out of range"),
        ("a[-]", "strconv.Atoi: parsing \"-\": invalid syntax"),
        ("``", "unexpected end of JSON input"),
        ("`-`", "invalid character ' ' in numeric literal"),
        ("`1 2`", "invalid character '2' after top-level value"),
        ("`{\"a\" 1}`", "invalid character '1' after object key"),
        ("`[1 2]`", "invalid character '2' after array element"),
        ("`tru!`", "invalid character '!' in literal true (expecting 'e')"),
        ("`\u{e9}`", "invalid character '\u{c3}' looking for beginning of value"),
        ("`1e999`", "json: cannot unmarshal number 1e999 into Go value of type float64"),
        ("\"\\x\"", "invalid character 'x' in string escape code"),
    ] {
        assert_eq!(refused(text).0, message, "{text:?}");
    }
    assert_eq!(refused("`x` b").0, "invalid character 'x' looking for beginning of value", "before the grammar");
    assert_eq!(refused("a `x`").0, "SyntaxError: Unexpected token at the end of the expression: tJSONLiteral");
}

#[test]
fn what_only_fails_when_it_is_evaluated() {
    for (text, tree) in [
        ("[0", "ASTEmpty {\n}\n"),
        ("!*[-3", "ASTNotExpression {\n"),
        ("[a, [1, b]", "ASTMultiSelectList {\n"),
        ("@(a)", "ASTFunctionExpression {\n  children: {\n"),
        ("`1`(a)", "ASTFunctionExpression {\n  value: 1\n"),
        ("(a == b)(c)", "ASTFunctionExpression {\n  value: tEQ\n"),
    ] {
        let bump = Bump::new();
        let expr = parse(&bump, text).unwrap();
        assert!(expr.tree().to_string().starts_with(tree), "{}", expr.tree());
        assert_eq!(parse(&bump, &expr.to_string()).as_ref(), Ok(&expr), "{expr}");
    }
}

#[test]
fn names() {
    let bump = Bump::new();
    let name = |text| match parse(&bump, text).map(|expr| expr.kind) {
        Ok(ExprKind::Field(name) | ExprKind::Literal(Literal::Raw(name) | Literal::Json(name))) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(r#""a\n\u00e9\ud83d\ude00\ud800x""#), "a\n\u{e9}\u{1f600}\u{fffd}x");
    assert_eq!(name(r"'a\'b\\'c'"), r"a'b\'c");
    assert_eq!(name("` \"\\`\" `"), " \"`\" ");
}

#[test]
fn spans() {
    let bump = Bump::new();
    let text = " (a . b)[0] == 'x' ";
    let expr = parse(&bump, text).unwrap();
    let ExprKind::Comparator { left, right, .. } = expr.kind else { panic!("{expr:?}") };
    let ExprKind::Index { left: inner, .. } = left.kind else { panic!("{left:?}") };
    let shown = [expr, left, inner, right].map(|expr| &text[expr.span.range()]);
    assert_eq!(shown, ["(a . b)[0] == 'x'", "(a . b)[0]", "a . b", "'x'"]);
}

#[test]
fn depth() {
    let deep = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    for times in [MAX_DEPTH + 1, 100_000] {
        for text in [
            deep("(", "a", ")", times),
            deep("[", "a", "]", times),
            deep("f(", "a", ")", times),
            deep("a[?", "a", "]", times),
            deep("{a:", "a", "}", times),
            deep("!", "a", "", times),
            deep("& ", "a", "", times),
            deep("", "a", ".a", times),
            deep("", "a", "[*]", times),
            deep("", "a", "[]", times),
            deep("", "a", "||a", times),
        ] {
            let message = refused(&text).0;
            assert!(message.contains("nested more than"), "{message}");
        }
        assert_eq!(refused(&format!("`{}`", deep("[", "", "]", times))).0, "exceeded max depth");
    }
    assert_eq!(printed(&deep("(", "a", ")", MAX_DEPTH)), "a");
    assert!(printed(&deep("", "a", ".a", MAX_DEPTH - 1)).len() > MAX_DEPTH);
}
