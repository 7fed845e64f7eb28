use super::variables::variables;

#[test]
fn variables_of_a_text() {
    let found = |s: &str| variables(s).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(found("a {{b}} {{ c.{x: y} }}"), ["{{b}}", "{{ c.{x: y} }}"]);
    assert_eq!(found("\\{{a}} {{ {{b}} }}"), ["{{b}}"]);
    assert!(found("{{a {{").is_empty());
}
