// What the pages gain where a script runs. Every page works without it.
import './chart.js'
import './filter.js'
import './forms.js'
import { follow } from './live.js'
import { showTimes } from './times.js'

showTimes()
setInterval(showTimes, 1000)

const main = document.querySelector('main[data-live-from]')
if (main) follow(main)
