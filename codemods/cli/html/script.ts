/**
 * What the report can do in a browser beyond being read: filters, search, keys. All of it works on what stands in the page; without
 * it everything is shown.
 */
export const SCRIPT = `
(function () {
  'use strict';
  document.documentElement.classList.add('script');
  var form = document.getElementById('filters');
  var findings = Array.prototype.slice.call(document.querySelectorAll('.finding'));
  var groups = Array.prototype.slice.call(document.querySelectorAll('.group'));
  var shown = document.getElementById('shown');
  var none = document.getElementById('none');
  if (!form) return;
  var texts = findings.map(function (one) { return one.textContent.toLowerCase() + ' ' + one.dataset.file.toLowerCase(); });
  function value(name) { return form.elements[name].value; }
  function below(file, folder) { return folder === '' || file.slice(0, folder.length + 1) === folder + '/'; }
  function apply() {
    var words = value('search').toLowerCase().split(/\\s+/).filter(Boolean);
    var count = 0;
    findings.forEach(function (one, at) {
      var data = one.dataset;
      var fits = ['rule', 'library', 'severity'].every(function (name) { return value(name) === '' || value(name) === data[name]; })
        && below(data.file, value('directory')) && words.every(function (word) { return texts[at].indexOf(word) >= 0; });
      one.hidden = !fits;
      if (fits) count++;
    });
    groups.forEach(function (group) { group.hidden = !group.querySelector('.finding:not([hidden])'); });
    shown.textContent = count + ' of ' + findings.length + ' shown';
    none.hidden = count > 0 || findings.length === 0;
  }
  function reset() { form.reset(); apply(); }
  function visible() { return findings.filter(function (one) { return !one.hidden; }); }
  function step(by) {
    var list = visible();
    if (!list.length) return;
    var here = document.activeElement && document.activeElement.closest ? document.activeElement.closest('.finding') : null;
    var at = list.indexOf(here);
    var next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by));
    list[next].focus({ preventScroll: true });
    list[next].scrollIntoView({ block: 'start' });
  }
  // A link to what the filters hide brings it back.
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1));
    var target = id && document.getElementById(id);
    if (!target) return;
    var finding = target.closest('.finding');
    if (finding && finding.hidden) reset();
    for (var at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    target.scrollIntoView({ block: finding === target ? 'start' : 'center' });
  }
  form.addEventListener('input', apply);
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  document.getElementById('clear').addEventListener('click', reset);
  document.getElementById('fold').addEventListener('click', function () {
    var all = Array.prototype.slice.call(document.querySelectorAll('.finding details'));
    var open = !all.every(function (one) { return one.open; });
    all.forEach(function (one) { one.open = open; });
  });
  Array.prototype.forEach.call(document.querySelectorAll('a[data-filter]'), function (link) {
    link.addEventListener('click', function (event) {
      event.preventDefault();
      form.elements[link.dataset.filter].value = link.dataset.value;
      apply();
      form.scrollIntoView({ block: 'start' });
    });
  });
  window.addEventListener('hashchange', reveal);
  document.addEventListener('keydown', function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    var typing = /^(?:INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === 'Escape' && typing) { form.elements.search.value = ''; event.target.blur(); apply(); }
    if (typing) return;
    if (event.key === '/') { event.preventDefault(); form.elements.search.focus(); }
    if (event.key === 'j') step(1);
    if (event.key === 'k') step(-1);
  });
  apply();
  reveal();
})();
`;
