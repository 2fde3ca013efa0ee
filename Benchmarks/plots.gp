# Draws the plots of docs/ from the figures that ProxyBench keeps:
#   gnuplot -c Benchmarks/plots.gp docs/plots
# reads docs/plots/data/*.tsv and writes docs/plots/*.svg. A file that is not there leaves its plot as it is.
#
# Who is who can be seen without colours: lines differ in their marks and dashes, bars have names below them.

directory = ARG1
data(name) = directory . '/data/' . name . '.tsv'
has(name) = int(system(sprintf("test -s '%s' && echo 1 || echo 0", data(name))))

set terminal svg size 860,440 dynamic enhanced font 'Helvetica,13' background rgb 'white'
set encoding utf8
set datafile separator tab
set datafile missing '-'
set datafile columnheaders
set border 3 lc rgb '#555555'
set tics nomirror
set grid ytics lc rgb '#dddddd' lt 1
set key above Left reverse samplen 4

contestants = 'floor reference localproxy ssh stunnel'
# The colours are told apart by the colour-blind as well (Okabe and Ito).
colors = '#7f7f7f #d55e00 #0072b2 #009e73 #cc79a7'
marks = '6 4 7 8 12'
do for [i = 1:words(contestants)] {
  # The source's lines, then the destination's.
  set style line i lc rgb word(colors, i) dt 1 lw 2 pt int(word(marks, i)) ps 0.6
  set style line 10 + i lc rgb word(colors, i) dt (6, 4) lw 2 pt int(word(marks, i)) ps 0.6
}

# A figure with three digits.
short(x) = x >= 100 ? sprintf('%.0f', x) : x >= 10 ? sprintf('%.1f', x) : sprintf('%.2f', x)

# --- Bars ---------------------------------------------------------------------------------------------

dark = '#0072b2'
light = '#9fd0ee'
set style fill solid 1 border rgb 'white'
set boxwidth 0.8
# For two lines below the bars.
set bmargin 4
set xtics font ',11'

# The cases up and down, with room for a bar between them.
place(row, name) = row + (name eq 'down' ? 1 : 0)
below(contestant, name) = sprintf("%s\n%s", contestant, name)

do for [name in 'bulk bulk100'] {
  if (has(name)) {
    connections = name eq 'bulk' ? 'one connection' : '100 connections'
    suffix = name eq 'bulk' ? '' : '-100'
    speed = 'speed (MB/s)'
    source = 'source (CPU-s/GB)'
    destination = 'destination (CPU-s/GB)'
    set xrange [-0.7:*]
    set yrange [0:*]
    set offsets 0, 0.7, graph 0.08, 0

    set output directory . '/cpu' . suffix . '.svg'
    set title 'Processor time for 1 GB, ' . connections . ': less is better' font ',16'
    set ylabel 'CPU seconds'
    plot data(name) \
      using (place($0, strcol('case'))):(column(source) + column(destination)) \
      :xtic(below(strcol('contestant'), strcol('case'))) \
      with boxes lc rgb light title 'destination (upper part)', \
      '' using (place($0, strcol('case'))):(column(source)) \
      with boxes lc rgb dark title 'source (lower part)', \
      '' using (place($0, strcol('case'))):(column(source) + column(destination)) \
      :(short(column(source) + column(destination))) \
      with labels offset 0, 0.7 notitle, \
      '' using (place($0, strcol('case'))):(0):(strcol(speed) eq '-' ? 'failed' : '') \
      with labels offset 0, 0.7 notitle

    set output directory . '/throughput' . suffix . '.svg'
    set title 'Throughput of the whole tunnel, ' . connections . ': more is better' font ',16'
    set ylabel 'MB/s'
    plot data(name) \
      using (place($0, strcol('case'))):(column(speed)) \
      :xtic(below(strcol('contestant'), strcol('case'))) with boxes lc rgb dark notitle, \
      '' using (place($0, strcol('case'))):(column(speed)):(short(column(speed))) \
      with labels offset 0, 0.7 notitle, \
      '' using (place($0, strcol('case'))):(0):(strcol(speed) eq '-' ? 'failed' : '') \
      with labels offset 0, 0.7 notitle
  }
}

# For each rate: alone, beside a transfer as it ships, with the rate set, and what the reference did. A bar is the
# median; its mark is p99.
spot(name, contestant) = contestant eq 'localproxy' ? \
  (name eq '800 kB/s, adaptive, up' ? 1 : name eq '800 kB/s, set, up' ? 2 : \
   name eq '100 kB/s, adaptive, up' ? 6 : name eq '100 kB/s, set, up' ? 7 : NaN) : \
  (name eq '800 kB/s, adaptive, up' ? 3 : name eq '100 kB/s, adaptive, up' ? 8 : NaN)
lone(name, contestant) = contestant ne 'localproxy' ? NaN : \
  name eq '800 kB/s, adaptive, up' ? 0 : name eq '100 kB/s, adaptive, up' ? 5 : NaN
# What became of a row without figures, in words.
fate(note) = note[1:6] eq 'failed' ? note[strstrt(note, ': ') + 2:] : ''

if (has('keystroke')) {
  file = data('keystroke')
  set output directory . '/keystroke.svg'
  set title "A keystroke there and back, beside a transfer over a slow link: less is better" font ',16'
  set ylabel 'milliseconds'
  set xrange [-0.7:8.7]
  set yrange [0:*]
  set offsets 0, 0, graph 0.1, 0
  set xtics ("alone" 0, "beside it" 1, "beside it,\nlimit set" 2, "reference" 3, \
    "alone" 5, "beside it" 6, "beside it,\nlimit set" 7, "reference" 8)
  set label 1 '800 kB/s, 20 ms each way' at 1.5, graph 0.96 center
  set label 2 '100 kB/s, 20 ms each way' at 6.5, graph 0.96 center
  p50 = 'beside p50 (ms)'
  p99 = 'beside p99 (ms)'
  alone50 = 'alone p50 (ms)'
  alone99 = 'alone p99 (ms)'
  plot file using (spot(strcol('case'), strcol('contestant'))):(column(p50)) \
    with boxes lc rgb dark title 'median', \
    '' using (lone(strcol('case'), strcol('contestant'))):(column(alone50)) \
    with boxes lc rgb light notitle, \
    '' using (spot(strcol('case'), strcol('contestant'))):(column(p99)) \
    with points pt 2 ps 1 lw 2 lc rgb 'black' title 'p99', \
    '' using (lone(strcol('case'), strcol('contestant'))):(column(alone99)) \
    with points pt 2 ps 1 lw 2 lc rgb 'black' notitle, \
    '' using (spot(strcol('case'), strcol('contestant'))):(column(p99)):(short(column(p50))) \
    with labels offset 0, 0.9 notitle, \
    '' using (lone(strcol('case'), strcol('contestant'))):(column(alone99)):(short(column(alone50))) \
    with labels offset 0, 0.9 notitle, \
    '' using (spot(strcol('case'), strcol('contestant'))):(0):(fate(strcol('note'))) \
    with labels rotate left offset 0, 0.5 notitle
  unset label
  set xtics autofreq
}

# A bar for each build, and for each program that starts.
set offsets 0, 0.7, graph 0.1, 0
set xrange [-0.7:*]
set yrange [0:*]
set xtics noenhanced
if (has('footprint-files')) {
  set output directory . '/footprint-size.svg'
  set title 'localproxy, stripped: less is better' font ',16'
  set ylabel 'MB'
  plot data('footprint-files') using 0:(column('stripped (kB)') / 1000) \
    :xtic(below(strcol('contestant'), strcol('case'))) with boxes lc rgb dark notitle, \
    '' using 0:(column('stripped (kB)') / 1000):(short(column('stripped (kB)') / 1000)) \
    with labels offset 0, 0.7 notitle
}
if (has('footprint')) {
  set output directory . '/footprint-start.svg'
  set title 'From exec to listening, or to the end of the handshake: less is better' font ',16'
  set ylabel 'milliseconds'
  plot data('footprint') using 0:(column('start (ms)')):xtic(strcol('contestant')) \
    with boxes lc rgb dark notitle, \
    '' using 0:(column('start (ms)')):(short(column('start (ms)'))) \
    with labels offset 0, 0.7 notitle
}
set xtics enhanced

# --- Lines --------------------------------------------------------------------------------------------

set offsets
set bmargin
set xtics font ',13'
set grid xtics ytics
set key below horizontal maxcols 3
ends = 'source destination'
# The names of the blocks of NAME-curves.tsv that begin and end so, each in quotes.
blocks(file, start, end) = \
  system(sprintf("sed -n 's/^# \\(%s .*%s\\)$/\"\\1\"/p' '%s'", start, end, file))
number(who) = who eq 'floor' ? 1 : who eq 'reference' ? 2 : who eq 'localproxy' ? 3 : who eq 'ssh' ? 4 : 5

do for [name in 'stalled stalled10'] {
  if (has(name . '-curves')) {
    file = data(name . '-curves')
    do for [way in 'up down'] {
      # The one that docs/performance.md shows has the short name.
      set output directory . '/memory' . (name eq 'stalled' ? '-1' : '') \
        . (name eq 'stalled' ? '-' . way : way eq 'up' ? '-up' : '') . '.svg'
      set title 'Memory behind ' . (name eq 'stalled' ? 'a reader that stops' : 'ten readers that stop') \
        . ' for 10 s, ' . way . ': less is better' font ',16'
      set xlabel 'seconds'
      set ylabel 'MB (logarithmic)'
      set xrange [0:*]
      set logscale y
      set yrange [1:2000]
      # Who died has a mark where its line ends, and says why.
      deaths = blocks(file, way, 'death')
      plot for [k = 1:2] for [block in blocks(file, way, word(ends, k))] file index block \
        using 1:2 with linespoints \
        ls number(word(block, 2)) + 10 * (k - 1) pointinterval 8 title columnhead(2), \
        for [i = 1:words(deaths)] file index word(deaths, i) using 1:2:(strcol(3)) \
        with labels point pt 2 ps 1.2 lw 2 left offset 1, 0.8 notitle
      unset logscale
    }
  }
}

# Each further percentile is as far from the last as a tenth of what it leaves out.
if (has('latency-curves')) {
  file = data('latency-curves')
  do for [size in '"1 B" "1 KiB"'] {
    set output directory . '/latency' . (size eq '1 B' ? '' : '-1-kib') . '.svg'
    set title 'Round trips of ' . (size eq '1 B' ? '1 byte' : size) . ': less is better' font ',16'
    set xlabel 'of all trips this many are faster'
    set ylabel 'microseconds (logarithmic)'
    set ytics (100, 200, 300, 500, 700, 1000, 2000, 5000, 10000, 20000, 50000, 100000)
    set xtics ('50 %%' 0.5, '90 %%' 0.1, '99 %%' 0.01, '99.9 %%' 0.001, '99.99 %%' 0.0001)
    set logscale xy
    set xrange [*:0.5] reverse
    set yrange [100:*]
    plot for [block in blocks(file, size, '')] file index block \
      using 1:2 with linespoints ls number(word(block, 3)) title columnhead(2)
    unset logscale
  }
  set xrange [*:*] noreverse
  set xtics autofreq
  set ytics autofreq
}

# A point for each number of open connections.
if (has('growth')) {
  set xlabel 'open connections'
  set logscale x
  set xrange [1:*]
  set yrange [0:*]
  files = 'growth-bytes growth-bytes-100 growth-connections'
  titles = '"1 GB on one connection beside idle ones" ' \
    . '"1 GB on up to 100 connections beside idle ones" ' \
    . '"to open and close a connection beside others"'
  columns = '"source, one (CPU-s/GB)" "dest., one (CPU-s/GB)" ' \
    . '"source, 100 (CPU-s/GB)" "dest., 100 (CPU-s/GB)" ' \
    . '"source (CPU-µs/conn.)" "destination (CPU-µs/conn.)"'
  rowsOf(who) = sprintf("< grep -e '^#' -e '^case' -e '%s' '%s'", who, data('growth'))
  do for [n = 1:3] {
    set output directory . '/' . word(files, n) . '.svg'
    set title 'Processor time for ' . word(titles, n) font ',16'
    set ylabel n == 3 ? 'CPU microseconds' : 'CPU seconds'
    plot for [i = 2:3] for [k = 1:2] rowsOf(word(contestants, i)) \
      using (strcol('case') + 0):(column(word(columns, 2 * n - 2 + k))) \
      with linespoints ls (k == 1 ? i : 10 + i) ps 1 \
      title word(contestants, i) . ', ' . word(ends, k)
  }
}

# --- A fleet that comes back --------------------------------------------------------------------------

# The seconds after an outage of 60 s, out of the simulator (make sim-fleet).
if (has('fleet')) {
  reset
  set terminal svg size 860,440 dynamic enhanced font 'Helvetica,13' background rgb 'white'
  set encoding utf8
  set datafile separator tab
  set datafile columnheaders
  set border 3 lc rgb '#555555'
  set tics nomirror
  set grid ytics lc rgb '#dddddd' lt 1
  set style fill solid 1 noborder
  set boxwidth 1
  set output directory . '/fleet.svg'
  set title '10,000 sources after an outage of 60 s: attempts at the service in each second' font ',16'
  set xlabel 'seconds since the service was lost'
  set ylabel 'attempts'
  set xrange [50:130]
  set yrange [0:600]
  set key above Left reverse samplen 4
  set arrow from 60, graph 0 to 60, graph 1 nohead dt 2 lc rgb '#555555'
  set label 'the service is back' at 61, graph 0.95 tc rgb '#555555'
  plot data('fleet') using 1:2 with boxes lc rgb '#0072b2' title 'attempts', \
    10000.0 / 60 with lines lw 2 lc rgb '#009e73' title 'the even share: all of them, over the longest delay', \
    2 * 10000.0 / 60 with lines lw 2 dt 2 lc rgb '#d55e00' title 'twice that'
}
