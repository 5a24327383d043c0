// Settings: the port follows the encryption, a login shows its fields, test steps appear as they come, signatures too.
(() => {
  if (!window.postroom) return;
  const { say, $, $$ } = window.postroom;

  const encryption = $('#encryption'), port = $('#port');
  encryption?.addEventListener('change', () => {
    const usual = [...encryption.options].map(one => one.dataset.port);
    if (!port.value || usual.includes(port.value)) port.value = encryption.selectedOptions[0].dataset.port;
  });

  const authentication = $('#authentication');
  const shape = () => {
    const way = authentication.value;
    $$('[data-for]').forEach(one => { one.hidden = one.dataset.for !== way; });
    $$('[data-not]').forEach(one => { one.hidden = one.dataset.not === way; });
  };
  authentication?.addEventListener('change', shape);
  if (authentication) shape();

  // A provider fills the form in: one that was chosen goes over what stands there, one that was guessed does not.
  // What was filled in, and nobody changed since, goes again where the address turns out to be of no known provider.
  const filledIn = {}, before = {}, asked = {};
  const typed = name => name in asked && document.getElementById(name)?.value !== asked[name]; // while it was asked
  const fill = (name, value, over) => {
    const field = document.getElementById(name);
    if (!field || !value || field.value === value || typed(name)) return;
    if (!over && field.value && field.value !== filledIn[name]) return;
    before[name] ??= field.value;
    field.value = filledIn[name] = value;
  };
  const takeBack = () => {
    for (const [name, value] of Object.entries(filledIn)) {
      const field = document.getElementById(name);
      if (field.value === value) field.value = before[name];
      delete filledIn[name];
      delete before[name];
    }
  };
  const provider = $('#provider');
  let byHand = Boolean(provider?.value); // then the address does not change it, but fills in what is its own
  provider?.addEventListener('change', () => { byHand = Boolean(provider.value); });
  document.addEventListener('htmx:configRequest', e => {
    if (e.detail.elt.id === 'address' && byHand) e.detail.parameters.provider = provider.value;
  });
  document.addEventListener('htmx:beforeRequest', e => {
    if (e.detail.target?.id !== 'provider-notes') return;
    for (const name of ['host', 'port', 'username', 'from_filter', 'name']) asked[name] = document.getElementById(name)?.value;
  });
  document.addEventListener('htmx:afterSwap', e => {
    if (e.detail.target?.id !== 'provider-notes') return;
    const data = $('#provider-notes [data-fill]')?.dataset;
    if (!data) { takeBack(); shape(); return; }
    const over = e.detail.requestConfig?.elt === provider, host = $('#host');
    const untouched = !typed('host') && (over || !host.value || host.value === filledIn.host);
    fill('provider', data.provider, true);
    if (untouched) {
      for (const name of ['host', 'port', 'encryption', 'authentication']) fill(name, data[name], true);
    }
    fill('username', data.username); fill('from_filter', data.filter); fill('name', data.name);
    shape();
    say($('#provider-notes h3')?.textContent);
  });

  // The answer of a test grows while the server is being tried: show what has come.
  document.addEventListener('htmx:beforeSend', e => {
    if (!('steps' in e.detail.elt.dataset)) return;
    const target = e.detail.target, xhr = e.detail.xhr;
    target.setAttribute('aria-busy', 'true');
    xhr.addEventListener('progress', () => { if (xhr.status === 200) target.innerHTML = xhr.responseText; });
    xhr.addEventListener('loadend', () => target.removeAttribute('aria-busy'));
  });
  document.addEventListener('htmx:afterSwap', e => {
    if (e.detail.target?.id === 'mailed') $('#mailed').scrollIntoView({ block: 'nearest' });
    if (e.detail.target?.id !== 'test') return;
    e.detail.target.scrollIntoView({ block: 'nearest' });
    say($('#test .verdict h2')?.textContent);
  });

  // A signature is shown as it will stand under a message.
  const signature = $('#signature'), preview = $('#signature-preview');
  if (preview) signature.addEventListener('input', () => {
    preview.textContent = signature.value;
    preview.parentElement.hidden = !signature.value.trim();
  });
})();
