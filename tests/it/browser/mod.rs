//! What a person with a browser gets: a real one looks at every kind of page of the built binary, at
//! three widths, by day and by night, with content that tries to break it.
//!
//! Where no Chromium is installed this is said aloud and passed over. `FEEDLOOM_SCREENSHOTS=folder`
//! keeps a picture of every look. How a page should look is a person's to judge; what is tested is
//! what no page may do: overflow, run anything, ask anybody else, hide words, lead nowhere.

mod devtools;
mod hostile;
mod page;
mod tour;

use serde_json::json;

use self::devtools::Browser;
use self::hostile::House;
use self::page::{Visitor, faults};
use self::tour::Tour;

#[test]
fn every_page_as_a_browser_shows_it() {
    let Some(browser) = Browser::start() else {
        println!("skipped: no chromium, chromium-browser or google-chrome is installed");
        return;
    };
    let house = House::start();
    let mut visitor = Visitor::new(browser, house.site());
    faults_are_noticed(&mut visitor);
    let mut tour = Tour::new(&house);
    tour.go(&mut visitor);
    tour.says_what_upstreams_wrote();
    tour.links_lead_somewhere();
    assert!(tour.faults.is_empty(), "\n{}\n", tour.faults.join("\n"));
}

/// What is not noticed where it is cannot be missing elsewhere.
fn faults_are_noticed(visitor: &mut Visitor) {
    visitor.open("/");
    let break_it = r#"
        const main = document.querySelector('main');
        const add = (name, more) => main.appendChild(Object.assign(document.createElement(name), more));
        main.insertAdjacentHTML('beforeend', '<u style="color: red">red</u>');
        add('script', { textContent: 'window.ran = true' });
        add('img', { src: 'https://127.0.0.1:2/' });
        add('p', { id: 'faint', textContent: 'faint' }).style.color = '#888';
        document.body.appendChild(add('p', { id: 'wide', textContent: 'wide' })).style.width = '2000px';
        add('b', { textContent: 'far' }).style.cssText = 'position: relative; left: -300px';
        add('b', { textContent: 'under' }).style.cssText = 'display: inline-block; width: 0';
        add('i', { textContent: 'over' });
        main.insertAdjacentHTML('beforeend', '<p class="meta"><b>\u202ename</b> <i>time</i></p>');
        main.querySelector('.meta b').style.unicodeBidi = 'normal';
        add('h1', { id: 'wide' });
        add('h4', {});
        add('input', {});
        [window.ran, getComputedStyle(document.querySelector('u')).color]"#;
    let came_through = visitor.browser.evaluate(break_it);
    assert_eq!(came_through, json!([null, "rgb(29, 28, 26)"]), "our policy lets it run");
    let mut noticed = faults(&visitor.read()["faults"]);
    noticed.extend(visitor.look(1440));
    visitor.settle();
    noticed.extend(visitor.complaints("/", 200));
    for words in [
        "Applying inline style violates",
        "Executing inline script violates",
        "there is <script>window.ran",
        "there is <u style=",
        "it asks https://127.0.0.1:2/",
        "its contrast is 3.",
        "the page is 2",
        "stands from -",
        "its words run out",
        "<b> “under” stands on <i> “over”",
        "reads from right to left",
        "the headings are 1,2",
        "a heading skips a level",
        "two have the id wide",
        "has no label",
    ] {
        assert!(
            noticed.iter().any(|fault| fault.contains(words)),
            "{words} is not in {noticed:#?}"
        );
    }
}
