import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { tokenOf } from '../../support/recording-mailer.js';
describe('probe', () => {
  let app: TestApp; let t: TestTenant;
  beforeAll(async () => { app = await TestApp.start({env:{AUTHSOME_LIMIT_SIGNUP_PER_IP:'10000/1m',AUTHSOME_LIMIT_SIGNIN_PER_IP:'10000/1m'}}); t = await app.createTenant('staging'); });
  afterAll(() => app.close());
  it('x', async () => {
    const say = (n: string, a: any) => console.log(n, a.status, a.text, JSON.stringify(a.headers));
    say('bodynull', await app.api.post('/v1/signup', { tenant: t, payload: 'null', headers: {'content-type':'application/json'} }));
    say('bodyarr', await app.api.post('/v1/signup', { tenant: t, payload: '[]', headers: {'content-type':'application/json'} }));
    say('bodystr', await app.api.post('/v1/signup', { tenant: t, payload: '"x"', headers: {'content-type':'application/json'} }));
    say('nobody', await app.api.post('/v1/signup', { tenant: t }));
    say('real', await app.api.post('/v1/signup', { tenant: t, body: {email:'a@example.com',password:'a long passphrase 1',metadata:{zz:'1',a:'2'}, name:'x y'} }));
    say('decoy', await app.api.post('/v1/signup', { tenant: t, body: {email:'a@example.com',password:'a long passphrase 1',metadata:{zz:'1',a:'2'}, name:'x y'} }));
    say('emoji', await app.api.post('/v1/signup', { tenant: t, body: {email:'b@example.com',password:'a long passphrase 1',name:'😀 Åsa'} }));
    say('nul', await app.api.post('/v1/signup', { tenant: t, body: {email:'c@example.com',password:'a long passphrase 1',name:'a\u0000b'} }));
    say('sur', await app.api.post('/v1/signup', { tenant: t, payload: '{"email":"c@example.com","password":"a long passphrase 1","name":"\\ud800"}', headers: {'content-type':'application/json'} }));
    for (const e of ['a@127.1','a@[127.0.0.1]','A@EXAMPLE.com\r\n','a@example.com,b@example.com','"a@b"@example.com','a@b@example.com','é\u200d\u0301@x.de','a@example.com.','a@exam%70le.com','a@example.com?x','<a@example.com>','a@ex ample.com','a..b@x.com','.a@x.com', 'a@-x.com','a@x','ａ＠example.com']) {
      const a = await app.api.post('/v1/forgot-password', { tenant: t, body: {email:e} });
      console.log(JSON.stringify(e), a.status, a.text);
    }
    say('wrongtype', await app.api.post('/v1/signup', { tenant: t, body: {email:['a@b.c'],password:5,first_name:{},last_name:1,name:[],username:3,metadata:[],app_id:4} }));
    say('head page', await app.api.request('HEAD','/pages/verify-email'));
    say('get page', await app.api.get('/pages/verify-email'));
  });
});
