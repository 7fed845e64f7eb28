//! The tables of Kyverno's CLI: lensesio/tableprinter over kataras/tablewriter, as far as Kyverno configures them.

/// A cell longer than this is cut into lines.
const CELL: usize = 300;
/// With more rows than this the first header says how many there are.
const COUNTED: usize = 10;

/// Draws a table. `colored` is about the headers only; the cells bring their own colours.
pub fn table(headers: &[&str], rows: &[Vec<String>], colored: bool) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let count = if rows.len() > COUNTED { format!(" ({}) ", rows.len()) } else { String::new() };
    let headers: Vec<String> =
        headers.iter().enumerate().map(|(i, h)| if i == 0 { format!("{h}{count}") } else { (*h).to_owned() }).collect();
    let rows: Vec<Vec<Vec<String>>> = rows.iter().map(|row| row.iter().map(|c| lines(c)).collect()).collect();
    let widths: Vec<usize> = headers
        .iter()
        .enumerate()
        .map(|(i, header)| {
            let cells = rows.iter().filter_map(|r| r.get(i)).flatten();
            cells.map(|line| width(line)).max().unwrap_or(0).max(width(header))
        })
        .collect();
    let mut out = String::new();
    rule(&widths, &mut out);
    for (header, width) in headers.iter().zip(&widths) {
        let header = pad(header.trim().to_uppercase(), *width);
        out.push_str(&if colored { format!("│ \x1b[40;32m{header}\x1b[0m ") } else { format!("│ {header} ") });
    }
    out.push_str("│\n");
    rule(&widths, &mut out);
    for row in &rows {
        let height = row.iter().map(Vec::len).max().unwrap_or(0);
        for y in 0..height {
            for (cell, width) in row.iter().zip(&widths) {
                let line = cell.get(y).cloned().unwrap_or_default();
                out.push_str(&format!("│ {} ", pad(line, *width)));
            }
            out.push_str("│\n");
        }
    }
    rule(&widths, &mut out);
    out
}

fn rule(widths: &[usize], out: &mut String) {
    for width in widths {
        out.push('│');
        out.push_str(&"─".repeat(width + 2));
    }
    out.push_str("│\n");
}

fn pad(mut text: String, to: usize) -> String {
    let gap = to.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', gap));
    text
}

/// The lines of a cell. A long one is cut between words, unless it has line breaks of its own.
fn lines(cell: &str) -> Vec<String> {
    if cell.len() <= CELL {
        return cell.split('\n').map(str::to_owned).collect();
    }
    if cell.contains('\n') {
        // tableprinter takes a character too much off the end.
        let shorter = cell.strip_suffix('\n').map(|c| c.get(..c.floor_char_boundary(c.len().saturating_sub(1))));
        return match shorter.flatten() {
            Some(shorter) => lines(shorter),
            None => cell.split('\n').map(str::to_owned).collect(),
        };
    }
    let mut out: Vec<String> = Vec::new();
    let mut left = 0;
    for word in cell.split_whitespace() {
        match out.last_mut() {
            Some(line) if word.len() < left => {
                line.push(' ');
                line.push_str(word);
                // tableprinter takes the space off twice.
                left = left.saturating_sub(word.len() + 2);
            }
            _ => {
                out.push(word.to_owned());
                left = CELL.saturating_sub(word.len());
            }
        }
    }
    out
}

/// How many columns a text takes, colours not counted.
fn width(text: &str) -> usize {
    let mut chars = text.chars();
    let mut columns = 0;
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            chars.find(char::is_ascii_alphabetic);
        } else {
            columns += columns_of(c);
        }
    }
    columns
}

/// As go-runewidth has it: nothing for what is invisible or combines, two for East Asian wide characters and emoji.
fn columns_of(c: char) -> usize {
    match u32::from(c) {
        0..=0x1f | 0x7f..=0x9f | 0xad => 0,
        0x300..=0x36f | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfe00..=0xfe0f | 0xfeff => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_table() {
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        let text = table(&["id", "message"], &[row("1", "one\ntwo"), row("2", "\x1b[32mé\x1b[0m")], false);
        assert_eq!(
            text,
            "│────│─────────│\n│ ID │ MESSAGE │\n│────│─────────│\n│ 1  │ one     │\n│    │ two     │\n\
             │ 2  │ \x1b[32mé\x1b[0m       │\n│────│─────────│\n"
        );
    }

    #[test]
    fn no_rows_no_table_and_many_are_counted() {
        assert_eq!(table(&["id"], &[], true), "");
        let rows = vec![vec!["x".to_owned()]; 11];
        assert!(table(&["id"], &rows, false).contains("│ ID (11)  │"));
    }

    #[test]
    fn long_cells_are_cut_between_words() {
        let cell = vec!["word"; 100].join(" ");
        let lines = lines(&cell);
        assert!(lines.len() > 1 && lines.iter().all(|l| l.len() <= CELL));
    }

    #[test]
    fn long_cells_with_line_breaks_lose_their_end() {
        let cell = format!("{}\nname: a\n", "x".repeat(CELL));
        assert_eq!(lines(&cell).last().map(String::as_str), Some("name: "));
    }
}
