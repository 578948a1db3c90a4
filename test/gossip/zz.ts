import { Cluster, CALM } from '/work/main/test/gossip/cluster.js'
import { gossipConfig } from '/work/main/src/gossip/config.js'
for (const profile of ['lan','fast','test'] as const) for (const size of [2,3,8,32,64]) {
  const t0=process.cpuUsage().user
  const times:number[]=[]
  const joins:number[]=[]
  let rate=0
  for (let seed=1; seed<=(size>8?12:30); seed++){
    const c=new Cluster({size,seed,config:gossipConfig(profile),weather:{...CALM,loss:0.01}})
    c.startAll(); if(!c.runUntil(()=>c.converged(),60000)) console.log('nojoin',seed,size); joins.push(c.now)
    c.run(1000)
    const b=c.bytes, t=c.now
    const v=1
    c.crash(v); const at=c.now
    if(!c.runUntil(()=>c.knownDown(v),20000)) console.log('undetected')
    times.push(c.now-at); rate=(c.bytes-b)/(c.now-t)/size
    const fp=c.seen.filter(s=>s.state==='down'&&s.about!==c.hosts[v]!.swim.members()[0]!.profile.node)
    if(fp.length) console.log('FP',fp.slice(0,3))
  }
  times.sort((a,b)=>a-b); joins.sort((a,b)=>a-b)
  const q=(a:number[],p:number)=>Math.round(a[Math.min(a.length-1,Math.floor(a.length*p))]!)
  console.log(profile,size,'detect p50',q(times,.5),'max',q(times,1),'join p50',q(joins,.5),'max',q(joins,1),'kB/s',rate.toFixed(1),'cpu',Math.round((process.cpuUsage().user-t0)/1000))
}
