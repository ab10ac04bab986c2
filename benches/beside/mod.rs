//! Times ways of doing the same in turn, so that what slows the machine slows them all, and prints
//! how they compare: a time alone says more of the machine than of the code.

use std::time::{Duration, Instant};

/// Rounds at least, and for how long rounds go on.
const ROUNDS: usize = 9;
const LASTS: Duration = Duration::from_secs(3);

/// One way, and what it is called.
pub type Way<'w> = (&'w str, Box<dyn FnMut() + 'w>);

/// Prints the median of each way with its spread (the quartiles), and how many times its speed the
/// first one has.
pub fn beside(what: &str, mut ways: Vec<Way<'_>>) {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    ways.iter_mut().for_each(|(_, run)| run());
    let start = Instant::now();
    while times[0].len() < ROUNDS || start.elapsed() < LASTS {
        for ((_, run), times) in ways.iter_mut().zip(&mut times) {
            let start = Instant::now();
            run();
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    println!("{what}");
    let mut ours = None;
    for ((name, _), mut times) in ways.into_iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let (low, median, high) = (at(0.25), at(0.5), at(0.75));
        let ratio = median / *ours.get_or_insert(median);
        println!("  {name:24} {median:8.3} ms ({low:.3} to {high:.3})   {ratio:.2}");
    }
}
