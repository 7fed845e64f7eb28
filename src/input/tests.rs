use super::*;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kyvc-input-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> &Self {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    fn arg(&self, name: &str) -> String {
        format!("{}{name}", self.0.display())
    }

    /// Names without the folder, and codes.
    fn load(&self, args: &[&str]) -> (Vec<String>, Vec<String>) {
        let args: Vec<String> = args.iter().map(|a| self.arg(a)).collect();
        let (sources, problems) = load_from(&args, "policy", &mut io::empty());
        let short = |name: &str| name.strip_prefix(&*self.0.to_string_lossy()).unwrap_or(name).to_owned();
        let problem = |p: &Diagnostic| {
            let source = &p.primary.as_ref().unwrap().source;
            format!("{} {}: {}", short(&source.name), p.code.name(), p.message)
        };
        (sources.iter().map(|s| short(&s.name)).collect(), problems.iter().map(problem).collect())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn folders_and_patterns() {
    let f = Folder::new("walk");
    f.file("b.yaml", b"b: 1")
        .file("a/z.yml", b"z: 1")
        .file("a/y.JSON", b"{}")
        .file("a/x.txt", b"x")
        .file(".h/c.yaml", b"c: 1");
    f.file(".d.yaml", b"d: 1").file("a/deep/er/e.yaml", b"e: 1");
    let all = ["/.d.yaml", "/a/deep/er/e.yaml", "/a/y.JSON", "/a/z.yml", "/b.yaml"];
    assert_eq!(f.load(&[""]).0, all);
    assert_eq!(f.load(&["/**"]).0, all);
    assert_eq!(
        f.load(&["/b.yaml", "/./b.yaml", ""]).0,
        ["/b.yaml", "/.d.yaml", "/a/deep/er/e.yaml", "/a/y.JSON", "/a/z.yml"]
    );
    assert_eq!(f.load(&["/a/*"]).0, ["/a/y.JSON", "/a/z.yml"]);
    assert_eq!(f.load(&["/a/*.txt"]).0, ["/a/x.txt"]);
    assert_eq!(f.load(&["/*/**/?.yaml"]).0, ["/a/deep/er/e.yaml"]);
    assert_eq!(f.load(&["/.h"]).0, ["/.h/c.yaml"]);
    assert_eq!(f.load(&["/a/x.txt"]).0, ["/a/x.txt"]);
}

#[test]
fn what_cannot_be_used_is_reported_and_the_rest_goes_on() {
    let f = Folder::new("bad");
    f.file("ok.yaml", b"a: 1")
        .file("empty.yaml", b"\xef\xbb\xbf \n")
        .file("latin.yaml", b"a: caf\xe9\n")
        .file("bin.yaml", b"a\0b");
    f.file("wide.yaml", b"\xff\xfea\0").file("none/x.txt", b"");
    let args = ["/missing.yaml", "/latin.yaml", "/bin.yaml", "/empty.yaml", "/none", "/q*.yaml", "/a**/x", "/ok.yaml"];
    let (sources, problems) = f.load(&args);
    assert_eq!(sources, ["/ok.yaml"]);
    assert_eq!(
        problems,
        [
            "/missing.yaml FileNotFound: no such file or folder",
            "/latin.yaml NotUtf8: the file is not UTF-8 text: the byte 0xe9 belongs to no character",
            "/bin.yaml BinaryFile: the file is binary: there is a NUL at byte 1",
            "/empty.yaml EmptyFile: the file is empty",
            "/none NoFiles: the folder has no policy files (.yaml, .yml or .json)",
            "/q*.yaml FileNotFound: no policy file matches this pattern",
            "/a**/x BadGlob: `**` has to stand alone between two `/`",
        ]
    );
    let wide = load_from(&[f.arg("/wide.yaml")], "policy", &mut io::empty()).1;
    assert!(wide[0].help.as_deref().unwrap().contains("UTF-16"));
}

#[test]
fn standard_input_is_read_once() {
    let args = ["-".to_owned(), "-".to_owned()];
    let (sources, problems) = load_from(&args, "policy", &mut "a: 1".as_bytes());
    assert_eq!((sources.len(), problems.len()), (1, 0));
    assert_eq!((sources[0].name.as_str(), &*sources[0].text), (STDIN, "a: 1"));
    assert_eq!(
        load_from(&args, "policy", &mut io::empty()).1[0].one_line(),
        "<stdin>: error[K0126]: the file is empty"
    );
}
