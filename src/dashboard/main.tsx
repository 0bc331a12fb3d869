/* Starts the dashboard. */
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/controls.css';
import './styles/list.css';
import './styles/detail.css';
import { App } from './app';
import { startClock } from './clock';
import { startRouting } from './route';
import { startTab } from './tab';
import { startTheme } from './theme';

const root = document.getElementById('app');

startTheme();
startRouting();
startClock();
startTab();
if (root)
  render(<App />, root);
