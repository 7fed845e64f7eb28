use super::reference::normalize;
use super::url::{Url, parse, quote};

#[test]
fn references() {
    let digest = "a".repeat(64);
    for (image, expected) in [
        ("foo_bar/x", Ok("docker.io/foo_bar/x:latest".to_owned())),
        ("localhost:5000/a/b:1", Ok("localhost:5000/a/b:1".to_owned())),
        (&format!("x:1@sha256:{digest}"), Ok(format!("docker.io/x@sha256:{digest}"))),
        (&format!("x@sha512:{digest}"), Err("invalid checksum digest length")),
        (&format!("x@md5:{digest}"), Err("unsupported digest algorithm")),
        ("", Err("invalid reference format")),
        (&"a".repeat(256), Err("repository name must not be more than 255 characters")),
    ] {
        let found = normalize(image);
        match expected {
            Ok(text) => assert_eq!(found, Ok(text)),
            Err(why) => assert!(found.as_ref().is_err_and(|e| e.ends_with(why)), "{image}: {found:?}"),
        }
    }
}

#[test]
fn urls() {
    for (text, host) in [
        ("http://a.b:80/c?d#e", "a.b"),
        ("https://u:p@[::1]:443/", "::1"),
        ("//x", "x"),
        ("a/b", ""),
        ("mailto:x@y", ""),
        ("http://a%C3%A9/", "aé"),
        ("http://[fe80::1%25en0]/", "fe80::1%en0"),
    ] {
        assert_eq!(parse(text).expect("a URL").hostname(), host, "{text}");
    }
    for (text, error) in [
        ("http://[::1", r#"parse "http://[::1": missing ']' in host"#),
        (":x", r#"parse ":x": missing protocol scheme"#),
        ("http://a b/", r#"parse "http://a b/": invalid character " " in host name"#),
        ("1:2", r#"parse "1:2": first path segment in URL cannot contain colon"#),
        ("http://x:a/", r#"parse "http://x:a/": invalid port ":a" after host"#),
        ("http://x/%zz", r#"parse "http://x/%zz": invalid URL escape "%zz""#),
        ("http://%41/", r#"parse "http://%41/": invalid URL escape "%41""#),
        ("http://x/#%z", r#"parse "http://x/#%z": invalid URL escape "%z""#),
        ("a\nb", r#"parse "a\nb": net/url: invalid control character in URL"#),
        ("http://u^@x", r#"parse "http://u^@x": net/url: invalid userinfo"#),
        ("http://1:2:3/", r#"parse "http://1:2:3/": invalid port ":2:3" after host"#),
    ] {
        assert_eq!(parse(text).expect_err("no URL"), error);
    }
}

#[test]
fn hints_of_urls() {
    let url = parse("s:///a%2fb?#x%20y").expect("a URL");
    let expected = Url {
        scheme: "s".into(),
        path: "/a/b".into(),
        raw_path: "/a%2fb".into(),
        force_query: true,
        fragment: "x y".into(),
        ..Url::default()
    };
    assert_eq!(url, expected);
}

#[test]
fn quotes() {
    assert_eq!(quote("a\"\\\n\x01é"), "\"a\\\"\\\\\\n\\x01é\"");
}
