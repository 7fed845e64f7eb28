//! The middle snake: where a shortest way from one text to the other can be cut in two.
//!
//! Myers 1986, An O(ND) Difference Algorithm and Its Variations.

use std::time::Instant;

/// How far each diagonal was followed.
struct Reached {
    ends: Vec<isize>,
    offset: isize,
}

impl Reached {
    fn new(max: isize) -> Self {
        let mut reached = Self { ends: vec![-1; usize::try_from(2 * max).unwrap_or(0)], offset: max };
        reached.set(1, 0);
        reached
    }

    fn get(&self, diagonal: isize) -> isize {
        let at = usize::try_from(self.offset + diagonal).ok();
        at.and_then(|at| self.ends.get(at)).copied().unwrap_or(-1)
    }

    fn set(&mut self, diagonal: isize, end: isize) {
        let at = usize::try_from(self.offset + diagonal).ok();
        if let Some(slot) = at.and_then(|at| self.ends.get_mut(at)) {
            *slot = end;
        }
    }

    /// The best start on a diagonal after one more step.
    fn step(&self, diagonal: isize, d: isize) -> isize {
        let (below, above) = (self.get(diagonal - 1), self.get(diagonal + 1));
        if diagonal == -d || (diagonal != d && below < above) { above } else { below + 1 }
    }
}

fn at(text: &[char], i: isize) -> Option<&char> {
    usize::try_from(i).ok().and_then(|i| text.get(i))
}

/// Where both texts are to be cut; `None` where they have nothing in common, or no time is left.
pub(super) fn middle(a: &[char], b: &[char], deadline: Instant) -> Option<(usize, usize)> {
    let (n, m) = (isize::try_from(a.len()).ok()?, isize::try_from(b.len()).ok()?);
    let max = (n + m + 1) / 2;
    let (mut forth, mut back) = (Reached::new(max), Reached::new(max));
    let delta = n - m;
    let odd = delta % 2 != 0;
    let (mut start_1, mut end_1, mut start_2, mut end_2) = (0, 0, 0, 0);
    for d in 0..max {
        if d % 16 == 0 && Instant::now() > deadline {
            break;
        }
        let mut k = -d + start_1;
        while k <= d - end_1 {
            let mut x = forth.step(k, d);
            let mut y = x - k;
            while x < n && y < m && at(a, x) == at(b, y) {
                (x, y) = (x + 1, y + 1);
            }
            forth.set(k, x);
            if x > n {
                end_1 += 2;
            } else if y > m {
                start_1 += 2;
            } else if odd {
                let other = back.get(delta - k);
                if other != -1 && x >= n - other {
                    return cut(x, y);
                }
            }
            k += 2;
        }
        let mut k = -d + start_2;
        while k <= d - end_2 {
            let mut x = back.step(k, d);
            let mut y = x - k;
            while x < n && y < m && at(a, n - x - 1) == at(b, m - y - 1) {
                (x, y) = (x + 1, y + 1);
            }
            back.set(k, x);
            if x > n {
                end_2 += 2;
            } else if y > m {
                start_2 += 2;
            } else if !odd {
                let other = forth.get(delta - k);
                if other != -1 && other >= n - x {
                    return cut(other, other - (delta - k));
                }
            }
            k += 2;
        }
    }
    None
}

fn cut(x: isize, y: isize) -> Option<(usize, usize)> {
    Some((usize::try_from(x).ok()?, usize::try_from(y).ok()?))
}
