// SPDX-License-Identifier: GPL-2.0-or-later
// What tests/page.sh holds a report page to, run inside the page by a browser. The result is a
// paragraph for every check, "ok: ..." or "FAIL: ...", in an element that the script looks for.
'use strict';

addEventListener('load', async () => {
	const lines = [];
	const check = (right, what) => lines.push(`${right ? 'ok' : 'FAIL'}: ${what}`);

	// Nothing was asked for, and nothing went wrong: page.sh starts the lists before all else.
	check(checkErrors.length === 0, `no errors (${checkErrors.join('; ')})`);
	const asked = performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:'));
	check(asked.length === 0, `nothing is loaded from elsewhere (${asked.join(' ')})`);

	const colours = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
	const width = document.documentElement.clientWidth;
	check(document.documentElement.scrollWidth <= width, `at ${width} pixels, ${colours}, nothing is cut off at the side`);

	const pictures = [...document.querySelectorAll('figure img')];
	check(pictures.length > 0, `there are figures (${pictures.length})`);
	for (const picture of pictures) {
		const box = picture.getBoundingClientRect();
		check(picture.complete && picture.naturalWidth > 0 && box.width > 200 && box.height > 100 && box.right <= width,
			`a figure is seen at ${Math.round(box.width)} x ${Math.round(box.height)}: ${picture.alt}`);
	}

	// Every column of every table, up and down: numbers by their value, the rest as text.
	const number = text => parseFloat(text);
	for (const table of document.querySelectorAll('table.data')) {
		const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
		const count = body.rows.length;
		check(count > 1, `a table has rows (${count})`);
		heads.forEach((head, i) => {
			for (const way of ['ascending', 'descending']) {
				head.querySelector('button').click();
				const texts = [...body.rows].map(row => row.cells[i].dataset.order ?? row.cells[i].textContent);
				const values = texts.map(number).filter(n => !isNaN(n));
				if (way === 'descending')
					values.reverse();
				const sorted = values.every((v, k) => k === 0 || values[k - 1] <= v);
				check(sorted && head.getAttribute('aria-sort') === way && body.rows.length === count,
					`"${head.textContent.trim()}" sorts ${way}`);
			}
		});
	}

	for (const form of document.querySelectorAll('.search')) {
		const input = form.querySelector('input');
		const rows = [...document.getElementById(input.dataset.table).querySelectorAll('tbody tr')];
		const filter = text => {
			input.value = text;
			input.dispatchEvent(new Event('input'));
			return rows.filter(row => row.getClientRects().length > 0).length;
		};
		const word = rows[0].cells[0].textContent, with_it = rows.filter(row => row.textContent.includes(word)).length;
		check(!form.hidden && filter(word) === with_it && filter('no such row anywhere') === 0 && filter('') === rows.length,
			`the rows of "${input.dataset.table}" can be filtered`);
	}

	if (typeof axe === 'undefined') {
		lines.push('skipped: accessibility');
	} else {
		const found = await axe.run(document, { resultTypes: ['violations'] });
		for (const v of found.violations)
			check(false, `accessibility, ${v.impact}: ${v.help} (${v.nodes.map(n => n.target).slice(0, 3).join(', ')})`);
		check(found.violations.length === 0 && found.passes.length > 10, `accessibility: ${found.passes.length} rules of axe hold`);
	}
	const out = document.createElement('pre');
	out.id = 'checks';
	out.textContent = `\n${lines.join('\n')}\nchecks end\n`;
	document.body.append(out);
	if (parent !== window)
		parent.postMessage(out.textContent, '*');
});
