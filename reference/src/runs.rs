//! Rows that follow each other and are alike.

/// So many are compared at a time, where not all are alike.
const CHUNK: usize = 32;

/// How many values from the first on are the same.
pub(crate) fn length(sets: &[u8]) -> usize {
    let Some(first) = sets.first() else {
        return 0;
    };
    // Mostly all are the same; where they are not, the first that differs is often near.
    let (near, far) = sets.split_at(sets.len().min(CHUNK));
    if all_are(near, *first) && all_are(far, *first) {
        return sets.len();
    }
    let chunks = sets.chunks(CHUNK);
    let same = chunks.take_while(|chunk| all_are(chunk, *first)).count() * CHUNK;
    let rest = sets.get(same..).unwrap_or_default();
    let more = rest.iter().take_while(|set| *set == first).count();
    (same + more).min(sets.len())
}

/// Whether there is nothing else in a column.
pub(crate) fn all_are(sets: &[u8], set: u8) -> bool {
    sets.iter().fold(0, |any, other| any | (set ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_where_something_else_begins() {
        for same in 1..3 * CHUNK {
            let mut sets = vec![3; same];
            assert_eq!(length(&sets), same);
            sets.extend([5, 3, 3]);
            assert_eq!(length(&sets), same);
        }
        assert_eq!(length(&[]), 0);
    }
}
